/* Any bytes as a request's head: no prefix may change the outcome, and what is found lies in the
 * bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/base/check.h"
#include "proxy/wire/forwarded.h"
#include "proxy/wire/head.h"
#include "proxy/wire/reply.h"
#include "proxy/wire/rewrite.h"
#include "proxy/wire/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PREFIXES_MAX = 64 };

static const struct wire_limits limits = {.line_bytes = 200, .head_bytes = 600, .fields = 20};

static void
check_inside(struct span text, const char *data, size_t size)
{
    CHECK(text.size == 0 || (text.data >= data && text.data + text.size <= data + size));
}

static void
check_done(const struct wire_request *request, const char *data, size_t size)
{
    char host[URI_HOST_MAX];
    struct forwarded walk;
    struct span address;
    CHECK(request->head_size <= size && request->head_size <= limits.head_bytes);
    CHECK(memcmp(data + request->head_size - 4, "\r\n\r\n", 4) == 0);
    CHECK(request->path.size > 0 && (request->path.data[0] == '/' || request->path.data[0] == '*'));
    CHECK(request->fields.count <= limits.fields);
    CHECK(request->framing != WIRE_FRAMING_CLOSE && request->minor <= 1);
    CHECK(request->host.size == 0 || uri_authority_is_valid(request->host));
    uri_host_normalise(request->host, host);
    check_inside(request->host, data, size);
    check_inside(request->query, data, size);
    for (uint32_t i = 0; i < request->fields.count; i++) {
        const struct field *field = &request->fields.items[i];
        check_inside(field_value(field), data, size);
        CHECK(field_is_token(field_name(field)) && field_is_value(field_value(field)));
    }
    forwarded_init(&walk, &request->fields);
    while (forwarded_next(&walk, &address)) {
        check_inside(address, data, size);
    }
    reply_wants_json(&request->fields);
    rewrite_request_id(request);
}

/* A prefix of the input, in memory of its own size, must say "more", or what the whole says. */
static void
check_prefix(const struct wire_request *whole, enum wire_result wanted, const char *data,
             size_t size)
{
    struct wire_request part;
    char *copy = malloc(size == 0 ? 1 : size);
    CHECK(copy != NULL);
    memcpy(copy, data, size);
    enum wire_result result = head_request_parse(&part, copy, size, &limits);
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
    const char *text = (const char *)data;
    struct wire_request request;
    enum wire_result result = head_request_parse(&request, text, size, &limits);
    if (result == WIRE_DONE) {
        check_done(&request, text, size);
    }
    size_t step = size / PREFIXES_MAX + 1;
    for (size_t prefix = 0; prefix < size; prefix += step) {
        check_prefix(&request, result, text, prefix);
    }
    return 0;
}
