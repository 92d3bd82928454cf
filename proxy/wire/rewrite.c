#include "proxy/wire/rewrite.h"

#include "proxy/base/check.h"

enum {
    /* More than all literals that a head can gain: field names, version, digits of a length. */
    LITERALS_MAX = 384,
    REQUEST_ID_MAX = 128,
    LENGTH_DIGITS_MAX = 20,
};

/* What is always left out of an outgoing head, whatever its flags say: it is written anew. */
static const uint64_t drop_always =
    FIELD_BIT(FIELD_TRANSFER_ENCODING) | FIELD_BIT(FIELD_CONNECTION);

static inline char *
put(char *at, struct span text)
{
    if (text.size == 0) {
        return at;
    }
    memcpy(at, text.data, text.size);
    return at + text.size;
}

static inline char *
put_field(char *at, struct span name_colon, struct span value)
{
    at = put(at, name_colon);
    at = put(at, value);
    return put(at, SPAN("\r\n"));
}

/* Copies all fields but those in `drop` or with one of `flags`; neighbours that stay go in one
 * piece. */
static char *
put_fields(char *at, const struct field_list *list, uint64_t drop, uint8_t flags)
{
    const struct field *field = list->items;
    const struct field *end = list->items + list->count;
    while (field < end) {
        if ((field->flags & flags) != 0 || (drop & FIELD_BIT(field->id)) != 0) {
            field++;
            continue;
        }
        const char *run = field->line;
        const char *stop = run;
        while (field < end && (field->flags & flags) == 0 && (drop & FIELD_BIT(field->id)) == 0) {
            stop = field->line + field->line_size;
            field++;
        }
        at = put(at, (struct span){run, (size_t)(stop - run)});
    }
    return at;
}

static char *
put_connection(char *at, enum wire_connection connection)
{
    switch (connection) {
    case WIRE_CONNECTION_CLOSE:
        return put(at, SPAN("Connection: close\r\n"));
    case WIRE_CONNECTION_KEEP_ALIVE:
        return put(at, SPAN("Connection: keep-alive\r\n"));
    case WIRE_CONNECTION_DEFAULT:
        break;
    }
    return at;
}

static char *
put_number(char *at, uint64_t value)
{
    char digits[LENGTH_DIGITS_MAX];
    size_t size = 0;
    do {
        digits[size++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (size > 0) {
        *at++ = digits[--size];
    }
    return at;
}

static struct span
host_to_send(const struct wire_request *request, const struct rewrite_request *edits)
{
    return edits->host.size > 0 ? edits->host : request->host;
}

/* Whether the Host line that came can stay where it is. */
static bool
keeps_host(const struct wire_request *request, const struct rewrite_request *edits)
{
    return edits->host.size == 0 && !request->is_absolute &&
           field_list_has(&request->fields, FIELD_HOST);
}

/* Whether the peer's own word is passed on instead of ours. */
static bool
keeps_forwarded(const struct wire_request *request, const struct rewrite_request *edits,
                enum field_id id)
{
    return edits->is_trusted && field_list_has(&request->fields, id);
}

static uint64_t
request_drop(const struct wire_request *request, const struct rewrite_request *edits)
{
    uint64_t drop = drop_always | FIELD_BIT(FIELD_REQUEST_ID) | edits->drop;
    if (!keeps_host(request, edits)) {
        drop |= FIELD_BIT(FIELD_HOST);
    }
    if (edits->peer.size > 0) {
        drop |= FIELD_BIT(FIELD_FORWARDED_FOR);
    }
    if (!edits->is_trusted) {
        drop |= FIELD_BIT(FIELD_FORWARDED_PROTO) | FIELD_BIT(FIELD_FORWARDED_HOST);
    }
    if (request->minor == 0) {
        /* Such a client could not be told to go on, and waits for nothing (RFC 9110
         * section 10.1.1). */
        drop |= FIELD_BIT(FIELD_EXPECT);
    }
    /* The body's end is never edited away. */
    return drop & ~FIELD_BIT(FIELD_CONTENT_LENGTH);
}

/* One line of all that came and the peer: servers that read only the first or the last line see the
 * same. */
static char *
put_forwarded_for(char *at, const struct field_list *list, struct span peer)
{
    const struct field *field = NULL;
    at = put(at, SPAN("X-Forwarded-For: "));
    while ((field = field_list_find(list, FIELD_FORWARDED_FOR, field)) != NULL) {
        if (field->value_size > 0) {
            at = put(at, field_value(field));
            at = put(at, SPAN(", "));
        }
    }
    at = put(at, peer);
    return put(at, SPAN("\r\n"));
}

static char *
put_forwarding(char *at, const struct wire_request *request, const struct rewrite_request *edits)
{
    if (edits->peer.size > 0) {
        at = put_forwarded_for(at, &request->fields, edits->peer);
    }
    if (edits->proto.size > 0 && !keeps_forwarded(request, edits, FIELD_FORWARDED_PROTO)) {
        at = put_field(at, SPAN("X-Forwarded-Proto: "), edits->proto);
    }
    if (request->host.size > 0 && !keeps_forwarded(request, edits, FIELD_FORWARDED_HOST)) {
        at = put_field(at, SPAN("X-Forwarded-Host: "), request->host);
    }
    if (edits->request_id.size > 0) {
        at = put_field(at, SPAN("X-Request-Id: "), edits->request_id);
    }
    return put(at, request->minor == 1 ? SPAN("Via: 1.1 " REWRITE_PSEUDONYM "\r\n")
                                       : SPAN("Via: 1.0 " REWRITE_PSEUDONYM "\r\n"));
}

size_t
rewrite_request_bound(const struct wire_request *request, const struct rewrite_request *edits)
{
    return (size_t)request->head_size + 2 * request->host.size + edits->host.size +
           edits->peer.size + edits->proto.size + edits->request_id.size + edits->extra.size +
           LITERALS_MAX;
}

size_t
rewrite_request_to(char *out, const struct wire_request *request,
                   const struct rewrite_request *edits)
{
    char *at = put(out, request->method_name);
    *at++ = ' ';
    at = put(at, request->path);
    at = put(at, request->query);
    at = put(at, SPAN(" HTTP/1.1\r\n"));
    if (!keeps_host(request, edits)) {
        at = put_field(at, SPAN("Host: "), host_to_send(request, edits));
    }
    uint8_t flags = edits->is_trusted ? FIELD_FLAG_HOP : FIELD_FLAG_HOP | FIELD_FLAG_LOOKALIKE;
    at = put_fields(at, &request->fields, request_drop(request, edits), flags);
    at = put_forwarding(at, request, edits);
    if (request->framing == WIRE_FRAMING_CHUNKED) {
        at = put(at, SPAN("Transfer-Encoding: chunked\r\n"));
    }
    at = put_connection(at, edits->connection);
    at = put(at, edits->extra);
    at = put(at, SPAN("\r\n"));
    return (size_t)(at - out);
}

static uint64_t
response_drop(const struct wire_response *response, const struct rewrite_response *edits)
{
    bool keeps_length =
        edits->framing == WIRE_FRAMING_LENGTH ||
        (edits->framing == WIRE_FRAMING_NONE && !response->is_interim && response->status != 204);
    uint64_t drop = drop_always | (edits->drop & ~FIELD_BIT(FIELD_CONTENT_LENGTH));
    return keeps_length ? drop : drop | FIELD_BIT(FIELD_CONTENT_LENGTH);
}

static char *
put_status_line(char *at, const struct wire_response *response)
{
    at = put(at, SPAN("HTTP/1.1 "));
    *at++ = (char)('0' + response->status / 100);
    *at++ = (char)('0' + response->status / 10 % 10);
    *at++ = (char)('0' + response->status % 10);
    *at++ = ' ';
    at = put(at, response->phrase);
    return put(at, SPAN("\r\n"));
}

static char *
put_framing(char *at, const struct wire_response *response, const struct rewrite_response *edits)
{
    if (edits->framing == WIRE_FRAMING_CHUNKED) {
        return put(at, SPAN("Transfer-Encoding: chunked\r\n"));
    }
    if (edits->framing == WIRE_FRAMING_LENGTH && !response->has_length) {
        at = put(at, SPAN("Content-Length: "));
        at = put_number(at, edits->length);
        return put(at, SPAN("\r\n"));
    }
    return at;
}

size_t
rewrite_response_bound(const struct wire_response *response, const struct rewrite_response *edits)
{
    return (size_t)response->head_size + edits->extra.size + LITERALS_MAX;
}

size_t
rewrite_response_to(char *out, const struct wire_response *response,
                    const struct rewrite_response *edits)
{
    char *at = put_status_line(out, response);
    at = put_fields(at, &response->fields, response_drop(response, edits), FIELD_FLAG_HOP);
    if (edits->adds_via) {
        at = put(at, response->minor == 1 ? SPAN("Via: 1.1 " REWRITE_PSEUDONYM "\r\n")
                                          : SPAN("Via: 1.0 " REWRITE_PSEUDONYM "\r\n"));
    }
    at = put_framing(at, response, edits);
    at = put_connection(at, edits->connection);
    at = put(at, edits->extra);
    at = put(at, SPAN("\r\n"));
    return (size_t)(at - out);
}

enum err
rewrite_request_append(struct buf *out, const struct wire_request *request,
                       const struct rewrite_request *edits)
{
    size_t bound = rewrite_request_bound(request, edits);
    char *place = buf_reserve(out, bound);
    if (place == NULL) {
        return ERR_NO_MEMORY;
    }
    size_t size = rewrite_request_to(place, request, edits);
    CHECK(size <= bound);
    buf_add_size(out, size);
    return ERR_OK;
}

enum err
rewrite_response_append(struct buf *out, const struct wire_response *response,
                        const struct rewrite_response *edits)
{
    size_t bound = rewrite_response_bound(response, edits);
    char *place = buf_reserve(out, bound);
    if (place == NULL) {
        return ERR_NO_MEMORY;
    }
    size_t size = rewrite_response_to(place, response, edits);
    CHECK(size <= bound);
    buf_add_size(out, size);
    return ERR_OK;
}

struct span
rewrite_request_id(const struct wire_request *request)
{
    const struct field *field = field_list_find(&request->fields, FIELD_REQUEST_ID, NULL);
    if (field == NULL || field->value_size == 0 || field->value_size > REQUEST_ID_MAX ||
        field_list_find(&request->fields, FIELD_REQUEST_ID, field) != NULL) {
        return SPAN("");
    }
    struct span value = field_value(field);
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] <= ' ' || value.data[i] > '~') {
            return SPAN("");
        }
    }
    return value;
}
