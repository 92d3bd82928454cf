#include "proxy/wire/reply.h"

#include "proxy/base/clock.h"

static struct span
text_of(const struct reply *reply)
{
    return reply->text.size > 0 ? reply->text : span_of(wire_status_text(reply->status));
}

/* A JSON string (RFC 8259 section 7). */
static bool
append_json_string(struct buf *out, struct span text)
{
    bool is_done = buf_append_text(out, "\"");
    for (size_t i = 0; i < text.size && is_done; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\') {
            is_done = buf_printf(out, "\\%c", c);
        } else if (c < ' ') {
            is_done = buf_printf(out, "\\u%04x", c);
        } else {
            is_done = buf_append(out, &text.data[i], 1);
        }
    }
    return is_done && buf_append_text(out, "\"");
}

static bool
append_json_member(struct buf *out, const char *key, struct span value)
{
    return value.size == 0 || (buf_printf(out, ",\"%s\":", key) && append_json_string(out, value));
}

static bool
append_body(struct buf *out, const struct reply *reply)
{
    if (!reply->is_json) {
        return buf_append_span(out, text_of(reply)) && buf_append_text(out, "\n");
    }
    return buf_printf(out, "{\"status\":%u", reply->status) &&
           append_json_member(out, "reason", reply->reason) &&
           append_json_member(out, "message", text_of(reply)) &&
           append_json_member(out, "request_id", reply->request_id) && buf_append_text(out, "}\n");
}

static bool
append_field(struct buf *out, const char *name, struct span value)
{
    if (value.size == 0 || !field_is_value(value)) {
        return true;
    }
    return buf_append_text(out, name) && buf_append_text(out, ": ") &&
           buf_append_span(out, value) && buf_append_text(out, "\r\n");
}

static bool
append_connection(struct buf *out, enum wire_connection connection)
{
    return append_field(out, "Connection",
                        connection == WIRE_CONNECTION_CLOSE        ? SPAN("close")
                        : connection == WIRE_CONNECTION_KEEP_ALIVE ? SPAN("keep-alive")
                                                                   : SPAN(""));
}

static bool
append_entity(struct buf *out, const struct reply *reply, size_t body_size)
{
    struct span type =
        reply->is_json ? SPAN("application/json") : SPAN("text/plain; charset=utf-8");
    return append_field(out, "Content-Type", type) &&
           buf_printf(out, "Content-Length: %zu\r\n", body_size);
}

static bool
append_date(struct buf *out, uint64_t wall_us)
{
    char date[CLOCK_HTTP_SIZE];
    if (wall_us == 0) {
        return true;
    }
    clock_format_http(wall_us, date);
    return append_field(out, "Date", (struct span){date, sizeof(date) - 1});
}

static bool
append_head(struct buf *out, const struct reply *reply, bool has_body, size_t body_size)
{
    if (!buf_printf(out, "HTTP/1.1 %u %s\r\n", reply->status, wire_status_text(reply->status)) ||
        !append_date(out, reply->wall_us) || (has_body && !append_entity(out, reply, body_size))) {
        return false;
    }
    /* Some statuses may be cached unless told otherwise (RFC 9111 section 4.2.2), and what we
     * refuse now may go through in a second. */
    if (reply->status >= 400 && !append_field(out, "Cache-Control", SPAN("no-store"))) {
        return false;
    }
    if (reply->retry_after_s > 0 && !buf_printf(out, "Retry-After: %u\r\n", reply->retry_after_s)) {
        return false;
    }
    return append_field(out, "Turnout-Reason", reply->reason) &&
           append_field(out, "X-Request-Id", reply->request_id) &&
           append_field(out, "Location", reply->location) &&
           append_connection(out, reply->connection) && buf_append_span(out, reply->extra) &&
           buf_append_text(out, "\r\n");
}

enum err
reply_append(struct buf *out, const struct reply *reply)
{
    size_t size = buf_size(out);
    struct buf body;
    buf_init(&body);
    bool has_body = reply->status >= 200 && reply->status != 204 && reply->status != 304;
    bool is_done = (!has_body || append_body(&body, reply)) &&
                   append_head(out, reply, has_body, buf_size(&body)) &&
                   (reply->is_head || buf_append_span(out, buf_span(&body)));
    buf_fini(&body);
    if (!is_done) {
        out->end = out->start + size;
        return ERR_NO_MEMORY;
    }
    return ERR_OK;
}

/* "q=0", "q=0.", "q=0.000" (RFC 9110 section 12.4.2). */
static bool
is_zero_weight(struct span parameter)
{
    if (parameter.size < 3 || span_lower(parameter.data[0]) != 'q' || parameter.data[1] != '=') {
        return false;
    }
    for (size_t i = 2; i < parameter.size; i++) {
        if (parameter.data[i] != '0' && parameter.data[i] != '.') {
            return false;
        }
    }
    return true;
}

static bool
is_json_range(struct span range)
{
    const char *mark = memchr(range.data, ';', range.size);
    size_t size = mark == NULL ? range.size : (size_t)(mark - range.data);
    if (!span_equal_nocase(span_trim((struct span){range.data, size}), SPAN("application/json"))) {
        return false;
    }
    while (mark != NULL) {
        const char *start = mark + 1;
        size_t left = range.size - (size_t)(start - range.data);
        mark = memchr(start, ';', left);
        size = mark == NULL ? left : (size_t)(mark - start);
        if (is_zero_weight(span_trim((struct span){start, size}))) {
            return false;
        }
    }
    return true;
}

bool
reply_wants_json(const struct field_list *fields)
{
    const struct field *field = NULL;
    while ((field = field_list_find(fields, FIELD_ACCEPT, field)) != NULL) {
        struct span rest = field_value(field);
        struct span range;
        while (span_next_element(&rest, &range)) {
            if (is_json_range(range)) {
                return true;
            }
        }
    }
    return false;
}
