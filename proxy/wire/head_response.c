#include <stddef.h>

#include "proxy/wire/head.h"
#include "proxy/wire/head_lines.h"
#include "proxy/wire/scan.h"

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The status line's fixed part, cut to what is there: WIRE_BAD as soon as it cannot be one. */
static const char version_form[] = "HTTP/1.";

enum { MINOR_AT = sizeof(version_form) - 1, SPACE_AT, STATUS_AT, STATUS_SIZE = STATUS_AT + 3 };

static bool
may_be_status(const char *at, size_t size)
{
    size_t known = size < MINOR_AT ? size : MINOR_AT;
    return memcmp(at, version_form, known) == 0 &&
           (size <= MINOR_AT || at[MINOR_AT] == '0' || at[MINOR_AT] == '1') &&
           (size <= SPACE_AT || at[SPACE_AT] == ' ') &&
           (size <= STATUS_AT || (is_digit(at[STATUS_AT]) && at[STATUS_AT] != '0')) &&
           (size <= STATUS_AT + 1 || is_digit(at[STATUS_AT + 1])) &&
           (size <= STATUS_AT + 2 || is_digit(at[STATUS_AT + 2]));
}

static enum wire_result
read_status(struct head_reader *reader, struct wire_response *response)
{
    const char *at = reader->at;
    size_t size = (size_t)(reader->end - at);
    if (!may_be_status(at, size)) {
        return head_refuse(reader, WIRE_REASON_BAD_STATUS_LINE);
    }
    if (size < STATUS_SIZE) {
        return WIRE_MORE;
    }
    const char *digits = at + STATUS_AT;
    response->minor = (uint8_t)(at[MINOR_AT] - '0');
    response->status =
        (uint16_t)((digits[0] - '0') * 100 + (digits[1] - '0') * 10 + digits[2] - '0');
    reader->at = at + STATUS_SIZE;
    return WIRE_DONE;
}

/* The space before an empty phrase is missing in the answers of some servers; nothing else can be
 * meant, so it is let through. */
static enum wire_result
read_phrase(struct head_reader *reader, struct wire_response *response)
{
    if (reader->at == reader->end) {
        return WIRE_MORE;
    }
    if (*reader->at == ' ') {
        const char *stop = scan_value(reader->at + 1, reader->end);
        response->phrase = (struct span){reader->at + 1, (size_t)(stop - reader->at - 1)};
        reader->at = stop;
    }
    return head_read_line_end(reader, WIRE_REASON_BAD_STATUS_LINE);
}

static enum wire_result
read_status_line(struct head_reader *reader, struct wire_response *response,
                 const struct wire_limits *limits)
{
    const char *end = reader->end;
    size_t line_max = (size_t)limits->line_bytes + 2;
    bool is_cut = (size_t)(end - reader->at) >= line_max;
    if (is_cut) {
        reader->end = reader->at + line_max;
    }
    enum wire_result result = read_status(reader, response);
    if (result == WIRE_DONE) {
        result = read_phrase(reader, response);
    }
    reader->end = end;
    return result == WIRE_MORE && is_cut ? head_refuse(reader, WIRE_REASON_LINE_TOO_LONG) : result;
}

/* Fields that speak of a body, where RFC 9112 section 6.1 lets none be. */
static bool
judge_bodiless(struct head_reader *reader, struct wire_response *response, bool has_coding)
{
    bool announces = has_coding || response->length > 0;
    response->framing = WIRE_FRAMING_NONE;
    if (response->status == 101) {
        head_refuse(reader, WIRE_REASON_UNASKED_UPGRADE);
        return false;
    }
    if (response->is_interim && announces) {
        head_refuse(reader, WIRE_REASON_BODY_IN_INTERIM);
        return false;
    }
    /* Such a server may well send the body it announced: the connection is not used again. */
    if (response->status == 204 && announces) {
        response->keep_alive = false;
    }
    return true;
}

/* RFC 9112 section 6.3. */
static bool
judge_framing(struct head_reader *reader, struct wire_response *response, enum wire_method method)
{
    const struct field_list *fields = &response->fields;
    bool has_coding = field_list_has(fields, FIELD_TRANSFER_ENCODING);
    response->has_length = field_list_has(fields, FIELD_CONTENT_LENGTH);
    if (has_coding && (response->has_length || response->minor == 0)) {
        head_refuse(reader, response->has_length ? WIRE_REASON_LENGTH_AND_CODING
                                                 : WIRE_REASON_CODING_IN_1_0);
        return false;
    }
    if (has_coding && !head_read_coding(reader, fields)) {
        return false;
    }
    if (response->has_length && !head_read_length(reader, fields, &response->length)) {
        return false;
    }
    if (response->is_interim || response->status == 204 || response->status == 304 ||
        method == WIRE_METHOD_HEAD) {
        return judge_bodiless(reader, response, has_coding);
    }
    response->framing = has_coding             ? WIRE_FRAMING_CHUNKED
                        : response->has_length ? WIRE_FRAMING_LENGTH
                                               : WIRE_FRAMING_CLOSE;
    response->keep_alive = response->keep_alive && response->framing != WIRE_FRAMING_CLOSE;
    return true;
}

/* Keep-Alive: timeout=N, max=M (RFC 2068 section 19.7.1.1, which servers still speak). What is
 * malformed is as if not said. */
static void
judge_timeout(struct wire_response *response)
{
    static const struct span key = {"timeout=", 8};
    response->keep_alive_s = UINT32_MAX;
    const struct field *field = NULL;
    while ((field = field_list_find(&response->fields, FIELD_KEEP_ALIVE, field)) != NULL) {
        struct span rest = field_value(field);
        struct span item;
        while (span_next_element(&rest, &item)) {
            uint64_t seconds = 0;
            if (item.size > key.size &&
                span_equal_nocase((struct span){item.data, key.size}, key) &&
                span_to_u64((struct span){item.data + key.size, item.size - key.size}, &seconds) &&
                seconds < response->keep_alive_s) {
                response->keep_alive_s = (uint32_t)seconds;
            }
        }
    }
}

static enum wire_result
judge(struct head_reader *reader, struct wire_response *response, enum wire_method method)
{
    struct head_connection connection = {0};
    if (field_list_has(&response->fields, FIELD_CONNECTION) &&
        !head_read_connection(reader, &response->fields, &connection)) {
        return WIRE_BAD;
    }
    response->is_interim = response->status < 200;
    response->keep_alive =
        !connection.has_close && (response->minor == 1 || connection.has_keep_alive);
    judge_timeout(response);
    return judge_framing(reader, response, method) ? WIRE_DONE : WIRE_BAD;
}

enum wire_result
head_response_parse(struct wire_response *response, const char *data, size_t size,
                    const struct wire_limits *limits, enum wire_method method)
{
    memset(response, 0, offsetof(struct wire_response, fields.first));
    size_t head_max =
        limits->head_bytes < WIRE_HEAD_BYTES_MAX ? limits->head_bytes : WIRE_HEAD_BYTES_MAX;
    struct head_reader reader = {data, data + (size < head_max ? size : head_max), 0};
    enum wire_result result = read_status_line(&reader, response, limits);
    if (result == WIRE_DONE) {
        result = head_read_fields(&reader, &response->fields, limits);
    }
    if (result == WIRE_MORE && size >= head_max) {
        result = head_refuse(&reader, WIRE_REASON_HEAD_TOO_LARGE);
    }
    if (result == WIRE_DONE) {
        response->head_size = (uint32_t)(reader.at - data);
        result = judge(&reader, response, method);
    }
    response->reason = reader.reason;
    return result;
}
