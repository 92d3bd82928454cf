/* Any bytes as an answer's head; the first one chooses the method of the request. No prefix may
 * change the outcome. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/base/check.h"
#include "proxy/wire/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PREFIXES_MAX = 64 };

static const struct wire_limits limits = {.line_bytes = 200, .head_bytes = 600, .fields = 20};

static void
check_done(const struct wire_response *response, enum wire_method method, size_t size)
{
    bool has_no_body = method == WIRE_METHOD_HEAD || response->status < 200 ||
                       response->status == 204 || response->status == 304;
    CHECK(response->head_size <= size && response->head_size <= limits.head_bytes);
    CHECK(has_no_body == (response->framing == WIRE_FRAMING_NONE));
    CHECK(response->framing != WIRE_FRAMING_CLOSE || !response->keep_alive);
    CHECK(response->framing != WIRE_FRAMING_LENGTH || response->has_length);
    CHECK(response->status >= 100 && response->status <= 999 && response->status != 101);
    CHECK(response->is_interim == (response->status < 200));
}

static void
check_prefix(const struct wire_response *whole, enum wire_result wanted, const char *data,
             size_t size, enum wire_method method)
{
    struct wire_response part;
    char *copy = malloc(size == 0 ? 1 : size);
    CHECK(copy != NULL);
    memcpy(copy, data, size);
    enum wire_result result = head_response_parse(&part, copy, size, &limits, method);
    CHECK(result == WIRE_MORE || result == wanted);
    CHECK(result == WIRE_MORE || part.reason == whole->reason);
    CHECK(result != WIRE_DONE ||
          (part.head_size == whole->head_size && part.length == whole->length &&
           part.framing == whole->framing && part.keep_alive == whole->keep_alive));
    CHECK(wanted != WIRE_DONE || (result == WIRE_DONE) == (size >= whole->head_size));
    free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    enum wire_method method = data[0] == 'H' ? WIRE_METHOD_HEAD : WIRE_METHOD_GET;
    const char *text = (const char *)data + 1;
    size--;
    struct wire_response response;
    enum wire_result result = head_response_parse(&response, text, size, &limits, method);
    if (result == WIRE_DONE) {
        check_done(&response, method, size);
    }
    size_t step = size / PREFIXES_MAX + 1;
    for (size_t prefix = 0; prefix < size; prefix += step) {
        check_prefix(&response, result, text, prefix, method);
    }
    return 0;
}
