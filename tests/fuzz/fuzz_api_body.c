/* Bodies of API requests: whatever is sent, it is read as a whole or refused with a sentence. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "control/api/body.h"
#include "proxy/base/check.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct body body;
    struct buf error;
    buf_init(&error);
    bool is_read = body_read((struct span){(const char *)data, size}, (1U << BODY_FIELD_COUNT) - 1,
                             0, &body, &error);
    CHECK(is_read == (buf_size(&error) == 0));
    if (is_read) {
        CHECK(!body_has(&body, BODY_BUILD) || body.build != NULL);
        CHECK(!body_has(&body, BODY_TARGETS) || body.targets.count > 0);
        CHECK(body.addresses.count <= BODY_ADDRESSES_MAX && body.targets.count <= BODY_TARGETS_MAX);
        for (size_t i = 0; i < body.addresses.count; i++) {
            CHECK(body.addresses.items[i] != NULL);
        }
        body_fini(&body);
    }
    buf_fini(&error);
    return 0;
}
