/* A whole configuration: it loads without a message, or it does not and says why. What libconfig is
 * given is small enough that no slowness of its own counts as a finding. */
#include <stdint.h>
#include "conf/conf.h"
#include "proxy/base/check.h"

enum { FUZZ_TEXT_MAX = 16384 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* Libconfig's lexer forgets the text that it is in the middle of when its parser gives up: once, in
 * a process that then ends. */
const char *
__lsan_default_suppressions(void)
{
    return "leak:libconfig";
}

static void
check_loaded(const struct conf *conf)
{
    CHECK(conf->listener_count > 0 && conf->role_count > 0);
    for (size_t i = 0; i < conf->role_count; i++) {
        const struct conf_role *role = &conf->roles[i];
        CHECK(role->settings.name[0] != '\0' && role->path[0] == '/' && role->hosts.count > 0);
        CHECK(role->health.is_given && role->health.host[0] != '\0' &&
              role->health.expect.count > 0);
        CHECK(role->cutover.hold_timeout_ms < role->settings.hold_max_ms);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf errors;
    struct conf *conf = NULL;
    if (size > FUZZ_TEXT_MAX) {
        return 0;
    }
    buf_init(&errors);
    enum err err = conf_load_text((struct span){(const char *)data, size}, "fuzz.cfg",
                                  "/nonexistent", &conf, &errors);
    CHECK((err == ERR_OK) == (conf != NULL));
    CHECK((err == ERR_OK) == (buf_size(&errors) == 0));
    if (conf != NULL) {
        check_loaded(conf);
    }
    conf_free(conf);
    buf_fini(&errors);
    return 0;
}
