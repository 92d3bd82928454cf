/* What we send on, made from any head that we let through: it parses again, with the same framing
 * and nothing hop-by-hop in it. The first byte chooses the edits. */
#include <stdint.h>
#include <string.h>

#include "proxy/base/buf.h"
#include "proxy/base/check.h"
#include "proxy/wire/forwarded.h"
#include "proxy/wire/rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    CHOICE_RESPONSE = 1,
    CHOICE_TRUSTED = 2,
    CHOICE_CLOSE = 4,
    CHOICE_HEAD = 8,
    CHOICE_CHUNKED = 16,
    CHOICE_LENGTH = 32,
};

static const struct wire_limits outer = {.line_bytes = 10000, .head_bytes = 100000, .fields = 200};

static const uint64_t never_sent = FIELD_BIT(FIELD_KEEP_ALIVE) | FIELD_BIT(FIELD_PROXY_CONNECTION) |
                                   FIELD_BIT(FIELD_TE) | FIELD_BIT(FIELD_UPGRADE) |
                                   FIELD_BIT(FIELD_HTTP2_SETTINGS) | FIELD_BIT(FIELD_PROXY);

static void
check_fields(const struct field_list *list, bool may_have_lookalikes)
{
    CHECK((list->present & never_sent) == 0);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct field *field = &list->items[i];
        CHECK((field->flags & FIELD_FLAG_HOP) == 0 || field->id == FIELD_CONNECTION);
        CHECK(may_have_lookalikes || (field->flags & FIELD_FLAG_LOOKALIKE) == 0);
    }
}

/* The nearest hop is the peer. */
static void
check_forwarding(const struct wire_request *request, const struct rewrite_request *edits)
{
    struct forwarded walk;
    struct span address;
    forwarded_init(&walk, &request->fields);
    CHECK(forwarded_next(&walk, &address) && span_equal(address, edits->peer));
    CHECK(span_equal(rewrite_request_id(request), edits->request_id));
    const struct field *proto = field_list_find(&request->fields, FIELD_FORWARDED_PROTO, NULL);
    CHECK(proto != NULL);
    CHECK(edits->is_trusted ||
          (span_equal(field_value(proto), edits->proto) &&
           field_list_find(&request->fields, FIELD_FORWARDED_PROTO, proto) == NULL));
}

static void
try_request(const char *data, size_t size, uint8_t choice)
{
    struct wire_request in;
    struct wire_request out;
    struct buf text;
    if (head_request_parse(&in, data, size, &wire_limits_default) != WIRE_DONE) {
        return;
    }
    const struct rewrite_request edits = {
        .peer = SPAN("192.0.2.7"),
        .proto = SPAN("https"),
        .request_id = SPAN("made-here"),
        .host = in.host.size == 0 ? SPAN("given") : (struct span){"", 0},
        .is_trusted = (choice & CHOICE_TRUSTED) != 0,
        .connection = choice & CHOICE_CLOSE ? WIRE_CONNECTION_CLOSE : WIRE_CONNECTION_DEFAULT,
    };
    buf_init(&text);
    CHECK(rewrite_request_append(&text, &in, &edits) == ERR_OK);
    CHECK(head_request_parse(&out, text.data, buf_size(&text), &outer) == WIRE_DONE);
    CHECK(out.head_size == buf_size(&text));
    CHECK(out.minor == 1 && out.framing == in.framing && out.length == in.length);
    CHECK(span_equal(out.method_name, in.method_name) &&
          span_equal(out.host, in.host.size == 0 ? SPAN("given") : in.host));
    CHECK(span_equal(out.path, in.path) && span_equal(out.query, in.query));
    CHECK(out.keep_alive == ((choice & CHOICE_CLOSE) == 0) && !out.has_upgrade);
    CHECK(out.expects_continue == in.expects_continue);
    check_fields(&out.fields, edits.is_trusted);
    check_forwarding(&out, &edits);
    buf_fini(&text);
}

/* What flow may choose for this answer. */
static enum wire_framing
choose_framing(const struct wire_response *in, uint8_t choice)
{
    if (in->framing == WIRE_FRAMING_NONE || in->framing == WIRE_FRAMING_LENGTH) {
        return in->framing;
    }
    return choice & CHOICE_CHUNKED  ? WIRE_FRAMING_CHUNKED
           : choice & CHOICE_LENGTH ? WIRE_FRAMING_LENGTH
                                    : WIRE_FRAMING_CLOSE;
}

static void
try_response(const char *data, size_t size, uint8_t choice)
{
    struct wire_response in;
    struct wire_response out;
    struct buf text;
    enum wire_method method = choice & CHOICE_HEAD ? WIRE_METHOD_HEAD : WIRE_METHOD_GET;
    if (head_response_parse(&in, data, size, &wire_limits_default, method) != WIRE_DONE) {
        return;
    }
    const struct rewrite_response edits = {
        .framing = choose_framing(&in, choice),
        .length = 7,
        .connection = choice & CHOICE_CLOSE ? WIRE_CONNECTION_CLOSE : WIRE_CONNECTION_KEEP_ALIVE,
        .adds_via = true,
    };
    buf_init(&text);
    CHECK(rewrite_response_append(&text, &in, &edits) == ERR_OK);
    CHECK(head_response_parse(&out, text.data, buf_size(&text), &outer, method) == WIRE_DONE);
    CHECK(out.head_size == buf_size(&text));
    CHECK(out.minor == 1 && out.status == in.status && out.framing == edits.framing);
    CHECK(span_equal(out.phrase, in.phrase));
    CHECK(edits.framing != WIRE_FRAMING_LENGTH || out.length == (in.has_length ? in.length : 7));
    bool may_stay = edits.framing != WIRE_FRAMING_CLOSE && (choice & CHOICE_CLOSE) == 0;
    CHECK(out.keep_alive == may_stay);
    check_fields(&out.fields, true);
    buf_fini(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const char *text = (const char *)data + 1;
    if (data[0] & CHOICE_RESPONSE) {
        try_response(text, size - 1, data[0]);
    } else {
        try_request(text, size - 1, data[0]);
    }
    return 0;
}
