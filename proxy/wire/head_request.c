#include <stddef.h>

#include "proxy/wire/head.h"
#include "proxy/wire/head_lines.h"
#include "proxy/wire/scan.h"
#include "proxy/wire/uri.h"

enum {
    EMPTY_LINES_MAX = 4, /* before a request line (RFC 9112 section 2.2) */
    METHOD_BYTES_MAX = 32,
    VERSION_SIZE = 8,
};

struct method_row {
    struct span name;
    enum wire_method method;
};

static const struct method_row methods[] = {
    {{"GET", 3}, WIRE_METHOD_GET},         {{"POST", 4}, WIRE_METHOD_POST},
    {{"HEAD", 4}, WIRE_METHOD_HEAD},       {{"PUT", 3}, WIRE_METHOD_PUT},
    {{"DELETE", 6}, WIRE_METHOD_DELETE},   {{"PATCH", 5}, WIRE_METHOD_PATCH},
    {{"OPTIONS", 7}, WIRE_METHOD_OPTIONS}, {{"TRACE", 5}, WIRE_METHOD_TRACE},
    {{"CONNECT", 7}, WIRE_METHOD_CONNECT},
};

static enum wire_method
method_of(struct span name)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (span_equal(methods[i].name, name)) {
            return methods[i].method;
        }
    }
    return WIRE_METHOD_OTHER;
}

static enum wire_result
skip_empty_lines(struct head_reader *reader)
{
    for (unsigned i = 0; reader->at < reader->end; i++) {
        if (*reader->at != '\r' && *reader->at != '\n') {
            return WIRE_DONE;
        }
        if (i == EMPTY_LINES_MAX) {
            return head_refuse(reader, WIRE_REASON_TOO_MANY_EMPTY_LINES);
        }
        enum wire_result result = head_read_line_end(reader, WIRE_REASON_BARE_LF);
        if (result != WIRE_DONE) {
            return result;
        }
    }
    return WIRE_MORE;
}

static enum wire_result
read_method(struct head_reader *reader, struct wire_request *request)
{
    const char *start = reader->at;
    const char *stop = scan_token(start, reader->end);
    if (stop - start > METHOD_BYTES_MAX) {
        return head_refuse(reader, WIRE_REASON_METHOD_TOO_LONG);
    }
    if (stop == reader->end) {
        return WIRE_MORE;
    }
    if (*stop != ' ' || stop == start) {
        return head_refuse(reader, WIRE_REASON_BAD_METHOD);
    }
    request->method_name = (struct span){start, (size_t)(stop - start)};
    request->method = method_of(request->method_name);
    request->is_safe = wire_method_is_safe(request->method);
    request->is_idempotent = wire_method_is_idempotent(request->method);
    reader->at = stop + 1;
    return request->method == WIRE_METHOD_CONNECT ? head_refuse(reader, WIRE_REASON_CONNECT_REFUSED)
                                                  : WIRE_DONE;
}

static void
split_query(struct wire_request *request, struct span text)
{
    const char *mark = text.size == 0 ? NULL : memchr(text.data, '?', text.size);
    size_t size = mark == NULL ? text.size : (size_t)(mark - text.data);
    request->path = (struct span){text.data, size};
    request->query = (struct span){text.data + size, text.size - size};
}

static bool
has_scheme(struct span target, struct span scheme)
{
    return target.size > scheme.size &&
           span_equal_nocase((struct span){target.data, scheme.size}, scheme);
}

/* absolute-form (RFC 9112 section 3.2.2), of our two schemes; what it says of the host goes before
 * Host. */
static enum wire_reason
split_absolute(struct wire_request *request)
{
    struct span target = request->target;
    size_t start = has_scheme(target, SPAN("http://"))    ? sizeof("http://") - 1
                   : has_scheme(target, SPAN("https://")) ? sizeof("https://") - 1
                                                          : 0;
    if (start == 0) {
        return WIRE_REASON_BAD_TARGET;
    }
    size_t stop = start;
    while (stop < target.size && target.data[stop] != '/' && target.data[stop] != '?') {
        stop++;
    }
    request->host = (struct span){target.data + start, stop - start};
    if (!uri_authority_is_valid(request->host)) {
        return WIRE_REASON_BAD_HOST;
    }
    request->is_absolute = true;
    split_query(request, (struct span){target.data + stop, target.size - stop});
    if (request->path.size == 0) {
        bool is_server = request->method == WIRE_METHOD_OPTIONS && request->query.size == 0;
        request->path = is_server ? SPAN("*") : SPAN("/");
    }
    return WIRE_REASON_NONE;
}

static enum wire_reason
split_target(struct wire_request *request)
{
    struct span target = request->target;
    if (target.data[0] == '/') {
        split_query(request, target);
        return WIRE_REASON_NONE;
    }
    if (target.size == 1 && target.data[0] == '*' && request->method == WIRE_METHOD_OPTIONS) {
        request->path = target;
        request->query = (struct span){target.data + 1, 0};
        return WIRE_REASON_NONE;
    }
    return split_absolute(request);
}

static enum wire_result
read_target(struct head_reader *reader, struct wire_request *request)
{
    const char *start = reader->at;
    const char *stop = scan_target(start, reader->end);
    if (stop == reader->end) {
        return WIRE_MORE;
    }
    if (*stop != ' ') {
        bool is_line_end = *stop == '\r' || *stop == '\n';
        return head_refuse(reader,
                           is_line_end ? WIRE_REASON_BAD_REQUEST_LINE : WIRE_REASON_BAD_TARGET);
    }
    if (stop == start) {
        return head_refuse(reader, WIRE_REASON_BAD_REQUEST_LINE);
    }
    request->target = (struct span){start, (size_t)(stop - start)};
    reader->at = stop + 1;
    return WIRE_DONE;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static enum wire_result
read_version(struct head_reader *reader, struct wire_request *request)
{
    const char *at = reader->at;
    if (reader->end - at < VERSION_SIZE) {
        return WIRE_MORE;
    }
    if (memcmp(at, "HTTP/", 5) != 0 || !is_digit(at[5]) || at[6] != '.' || !is_digit(at[7])) {
        return head_refuse(reader, WIRE_REASON_BAD_REQUEST_LINE);
    }
    if (at[5] != '1' || (at[7] != '0' && at[7] != '1')) {
        return head_refuse(reader, WIRE_REASON_BAD_VERSION);
    }
    request->minor = (uint8_t)(at[7] - '0');
    reader->at = at + VERSION_SIZE;
    return head_read_line_end(reader, WIRE_REASON_BAD_REQUEST_LINE);
}

/* The request line, within its own limit. */
static enum wire_result
read_request_line(struct head_reader *reader, struct wire_request *request,
                  const struct wire_limits *limits)
{
    enum wire_result result = skip_empty_lines(reader);
    if (result != WIRE_DONE) {
        return result;
    }
    const char *end = reader->end;
    size_t line_max = (size_t)limits->line_bytes + 2;
    bool is_cut = (size_t)(end - reader->at) >= line_max;
    if (is_cut) {
        reader->end = reader->at + line_max;
    }
    if ((result = read_method(reader, request)) == WIRE_DONE &&
        (result = read_target(reader, request)) == WIRE_DONE) {
        result = read_version(reader, request);
    }
    reader->end = end;
    if (result == WIRE_MORE && is_cut) {
        return head_refuse(reader, WIRE_REASON_LINE_TOO_LONG);
    }
    /* Only now, so that another version's preface is told that it is the version. */
    enum wire_reason reason = result == WIRE_DONE ? split_target(request) : WIRE_REASON_NONE;
    return reason == WIRE_REASON_NONE ? result : head_refuse(reader, reason);
}

static bool
judge_host(struct head_reader *reader, struct wire_request *request)
{
    const struct field *field = field_list_find(&request->fields, FIELD_HOST, NULL);
    if (field == NULL) {
        if (request->minor == 0) {
            return true;
        }
        head_refuse(reader, WIRE_REASON_MISSING_HOST);
        return false;
    }
    struct span host = field_value(field);
    if (!uri_authority_is_valid(host)) {
        head_refuse(reader, WIRE_REASON_BAD_HOST);
        return false;
    }
    if (!request->is_absolute) {
        request->host = host;
    }
    return true;
}

/* RFC 9112 section 6.3, with everything that could be read in two ways refused. */
static bool
judge_framing(struct head_reader *reader, struct wire_request *request)
{
    const struct field_list *fields = &request->fields;
    if (field_list_has(fields, FIELD_TRANSFER_ENCODING)) {
        if (field_list_has(fields, FIELD_CONTENT_LENGTH)) {
            head_refuse(reader, WIRE_REASON_LENGTH_AND_CODING);
            return false;
        }
        if (request->minor == 0) {
            head_refuse(reader, WIRE_REASON_CODING_IN_1_0);
            return false;
        }
        request->framing = WIRE_FRAMING_CHUNKED;
        return head_read_coding(reader, fields);
    }
    if (field_list_has(fields, FIELD_CONTENT_LENGTH)) {
        request->framing = WIRE_FRAMING_LENGTH;
        return head_read_length(reader, fields, &request->length);
    }
    request->framing = WIRE_FRAMING_NONE;
    return true;
}

static void
judge_expect(struct wire_request *request)
{
    const struct field *field = field_list_find(&request->fields, FIELD_EXPECT, NULL);
    request->expects_continue = field != NULL && request->minor == 1 &&
                                span_equal_nocase(field_value(field), SPAN("100-continue"));
}

/* What only the whole head can tell. */
static enum wire_result
judge(struct head_reader *reader, struct wire_request *request)
{
    struct head_connection connection = {0};
    if (!judge_host(reader, request) || !judge_framing(reader, request)) {
        return WIRE_BAD;
    }
    if (request->method == WIRE_METHOD_TRACE && request->framing != WIRE_FRAMING_NONE) {
        return head_refuse(reader, WIRE_REASON_BODY_IN_TRACE);
    }
    if (field_list_has(&request->fields, FIELD_CONNECTION) &&
        !head_read_connection(reader, &request->fields, &connection)) {
        return WIRE_BAD;
    }
    request->keep_alive =
        !connection.has_close && (request->minor == 1 || connection.has_keep_alive);
    request->has_upgrade = connection.has_upgrade && request->minor == 1 &&
                           field_list_has(&request->fields, FIELD_UPGRADE);
    judge_expect(request);
    return WIRE_DONE;
}

enum wire_result
head_request_parse(struct wire_request *request, const char *data, size_t size,
                   const struct wire_limits *limits)
{
    memset(request, 0, offsetof(struct wire_request, fields.first));
    size_t head_max =
        limits->head_bytes < WIRE_HEAD_BYTES_MAX ? limits->head_bytes : WIRE_HEAD_BYTES_MAX;
    struct head_reader reader = {data, data + (size < head_max ? size : head_max), 0};
    enum wire_result result = read_request_line(&reader, request, limits);
    if (result == WIRE_DONE) {
        result = head_read_fields(&reader, &request->fields, limits);
    }
    if (result == WIRE_MORE && size >= head_max) {
        result = head_refuse(&reader, WIRE_REASON_HEAD_TOO_LARGE);
    }
    if (result == WIRE_DONE) {
        request->head_size = (uint32_t)(reader.at - data);
        result = judge(&reader, request);
    }
    request->reason = reader.reason;
    return result;
}
