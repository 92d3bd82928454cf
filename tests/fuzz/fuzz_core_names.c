/* Any bytes as the name of a role, of a build, of a set, as an address, as a whole set: what is
 * taken has one spelling, which is taken again as itself; what is refused leaves nothing behind. */
#include <stdint.h>
#include <string.h>

#include "control/core/state.h"
#include "proxy/base/check.h"
#include "proxy/base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 300 };

static void
fuzz_address(const char *text)
{
    char once[CORE_ADDRESS_SIZE] = "untouched";
    char twice[CORE_ADDRESS_SIZE];
    if (core_address_normalize(text, once) != ERR_OK) {
        CHECK(strcmp(once, "untouched") == 0);
        return;
    }
    CHECK(core_address_normalize(once, twice) == ERR_OK);
    CHECK(strcmp(once, twice) == 0);
}

static void
fuzz_set(const char *build, const char *name)
{
    struct core_state *state = core_state_new();
    struct core_event event;
    char addresses[1][CORE_ADDRESS_SIZE] = {"10.0.0.1:80"};
    CHECK(state != NULL);
    core_event_init(&event, CORE_EVENT_SET_REGISTERED);
    core_text_copy(event.role, sizeof event.role, "web");
    core_text_copy(event.build, sizeof event.build, build);
    CHECK(core_event_set_addresses(&event, addresses, 1) == ERR_OK);
    core_set_digest("web", event.build, event.addresses, 1, &event.digest);
    if (core_apply(state, &event, 1, 0) == ERR_OK) {
        struct core_role *role = core_role_find(state, "web");
        struct core_set *set = NULL;
        char own[CORE_NAME_SIZE];
        CHECK(core_set_resolve(role, strchr(core_set_name(role->sets[0], own), '@') + 1, &set) ==
              ERR_OK);
        CHECK(set == role->sets[0]);
        set = NULL;
        CHECK((core_set_resolve(role, name, &set) == ERR_OK) == (set != NULL));
    } else {
        CHECK(!core_build_name_is_valid(event.build) && state->epoch == 0);
    }
    core_event_fini(&event);
    core_state_free(state);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MAX];
    char copy[CORE_BUILD_SIZE];
    if (!span_to_string((struct span){(const char *)data, size}, text, sizeof text)) {
        return 0;
    }
    core_text_copy(copy, sizeof copy, text);
    CHECK(strlen(copy) < sizeof copy && strncmp(copy, text, strlen(copy)) == 0);
    CHECK(!core_role_name_is_valid(text) || strlen(text) < CORE_ROLE_SIZE);
    CHECK(!core_build_name_is_valid(text) || strcmp(copy, text) == 0);
    fuzz_address(text);
    fuzz_set(text, text);
    fuzz_set("v1", text);
    return 0;
}
