#include "proxy/wire/client.h"

#include "proxy/wire/field.h"

/* Visible ASCII only, so that nothing can end its place early. */
static bool
is_visible(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~') {
            return false;
        }
    }
    return true;
}

static bool
is_sane(const struct client_request *request)
{
    bool has_method = request->method.size == 0 || field_is_token(request->method);
    bool has_path =
        request->path.size == 0 || (request->path.data[0] == '/' && is_visible(request->path));
    return has_method && has_path && is_visible(request->host) && field_is_value(request->proto) &&
           field_is_value(request->accept) && field_is_value(request->content_type);
}

static struct span
or_else(struct span text, struct span otherwise)
{
    return text.size > 0 ? text : otherwise;
}

static bool
append_field(struct buf *out, const char *name, struct span value)
{
    return value.size == 0 || (buf_append_text(out, name) && buf_append_span(out, value) &&
                               buf_append_text(out, "\r\n"));
}

static bool
append_start(struct buf *out, const struct client_request *request)
{
    return buf_append_span(out, or_else(request->method, SPAN("GET"))) &&
           buf_append_text(out, " ") && buf_append_span(out, or_else(request->path, SPAN("/"))) &&
           buf_append_text(out, " HTTP/1.1\r\nHost: ") && buf_append_span(out, request->host) &&
           buf_append_text(out, "\r\nUser-Agent: turnout/" TURNOUT_VERSION "\r\n");
}

static bool
append_all(struct buf *out, const struct client_request *request)
{
    bool has_body = request->has_body || request->body.size > 0;
    return append_start(out, request) && append_field(out, "Accept: ", request->accept) &&
           append_field(out, "X-Forwarded-Proto: ", request->proto) &&
           append_field(out, "Content-Type: ", request->content_type) &&
           (!has_body || buf_printf(out, "Content-Length: %zu\r\n", request->body.size)) &&
           append_field(out, "Connection: ", request->keeps_alive ? SPAN("") : SPAN("close")) &&
           buf_append_text(out, "\r\n") && buf_append_span(out, request->body);
}

enum err
client_request_append(struct buf *out, const struct client_request *request)
{
    if (!is_sane(request)) {
        return ERR_INVALID;
    }
    size_t size = buf_size(out);
    if (!append_all(out, request)) {
        out->end = out->start + size;
        return ERR_NO_MEMORY;
    }
    return ERR_OK;
}
