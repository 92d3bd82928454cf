/* Stored events: whatever bytes stand in a journal, they are an event or refused with a sentence;
 * and what is an event is written back so that it reads the same. */
#include <stddef.h>
#include <stdint.h>
#include "control/drive/codec.h"
#include "proxy/base/check.h"

static void
check_again(const struct core_event *event)
{
    struct buf stored;
    struct core_event back;
    char trouble[256];
    buf_init(&stored);
    CHECK(codec_encode(event, 7, &stored) == ERR_OK);
    CHECK(codec_decode(buf_span(&stored), &back, trouble, sizeof(trouble)) == ERR_OK);
    CHECK(core_event_equal(event, &back));
    buf_clear(&stored);
    CHECK(codec_describe(&back, 1, &stored) == ERR_OK);
    core_event_fini(&back);
    buf_fini(&stored);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct core_event event;
    char trouble[256] = "";
    struct span bytes = {(const char *)data, size};
    enum err err = codec_decode(bytes, &event, trouble, sizeof(trouble));
    if (err == ERR_OK) {
        check_again(&event);
        core_event_fini(&event);
        return 0;
    }
    CHECK((err == ERR_CORRUPT || err == ERR_VERSION) && trouble[0] != '\0');
    return 0;
}
