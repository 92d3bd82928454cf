#include "control/api/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include "control/api/server.h"
#include "control/api/users.h"
#include "proxy/base/check.h"
#include "proxy/wire/wire.h"

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = span_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes %XX into a C string. False for a broken escape, a control character, or too much of it.
 */
static bool
request_decode(struct span text, char *out, size_t capacity)
{
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        int c = (unsigned char)text.data[i];
        if (c == '%') {
            int high = i + 2 < text.size ? hex_digit(text.data[i + 1]) : -1;
            int low = i + 2 < text.size ? hex_digit(text.data[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            c = high * 16 + low;
            i += 2;
        }
        if (c < 0x20 || c == 0x7f || size + 1 >= capacity) {
            return false;
        }
        out[size++] = (char)c;
    }
    out[size] = '\0';
    return true;
}

bool
request_read_path(struct request *request, const char *path)
{
    request->path_count = 0;
    if (path[0] != '/') {
        return false;
    }
    while (path[0] == '/' && path[1] != '\0') {
        struct span segment = {path + 1, strcspn(path + 1, "/")};
        if (request->path_count == REQUEST_SEGMENTS_MAX ||
            !request_decode(segment, request->path[request->path_count], REQUEST_SEGMENT_SIZE)) {
            return false;
        }
        request->path_count++;
        path += 1 + segment.size;
    }
    return true;
}

bool
request_read_query(struct request *request, const char *query)
{
    request->query_count = 0;
    while (query != NULL && query[0] != '\0') {
        struct span pair = {query, strcspn(query, "&")};
        size_t key_size = 0;
        while (key_size < pair.size && pair.data[key_size] != '=') {
            key_size++;
        }
        size_t value_at = key_size < pair.size ? key_size + 1 : key_size;
        struct request_pair *slot = &request->query[request->query_count];
        if (request->query_count == REQUEST_QUERY_MAX ||
            !request_decode((struct span){pair.data, key_size}, slot->key, sizeof(slot->key)) ||
            !request_decode((struct span){pair.data + value_at, pair.size - value_at}, slot->value,
                            sizeof(slot->value)) ||
            request_query(request, slot->key) != NULL) {
            return false;
        }
        request->query_count++;
        query += pair.size + (query[pair.size] == '&' ? 1 : 0);
    }
    return true;
}

static const char *
request_method(const struct evhttp_request *http)
{
    switch (evhttp_request_get_command(http)) {
    case EVHTTP_REQ_GET:
        return "GET";
    case EVHTTP_REQ_HEAD:
        return "HEAD";
    case EVHTTP_REQ_POST:
        return "POST";
    case EVHTTP_REQ_PUT:
    case EVHTTP_REQ_DELETE:
    case EVHTTP_REQ_OPTIONS:
    case EVHTTP_REQ_TRACE:
    case EVHTTP_REQ_CONNECT:
    case EVHTTP_REQ_PATCH:
    default:
        return "";
    }
}

bool
request_read(struct request *request, const char **why)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request->http);
    const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);
    request->method = request_method(request->http);
    users_describe(server_client_uid(request->client), request->by, sizeof(request->by));
    if (path == NULL || !request_read_path(request, path)) {
        *why = "the path is too long, or has a broken escape or a control character";
        return false;
    }
    if (!request_read_query(request, evhttp_uri_get_query(uri))) {
        *why = "the query is too long, names a key twice, or has a broken escape or a control "
               "character";
        return false;
    }
    return true;
}

const char *
request_query(const struct request *request, const char *key)
{
    for (size_t i = 0; i < request->query_count; i++) {
        if (strcmp(request->query[i].key, key) == 0) {
            return request->query[i].value;
        }
    }
    return NULL;
}

bool
request_query_number(const struct request *request, const char *key, uint64_t otherwise,
                     uint64_t *out)
{
    const char *value = request_query(request, key);
    if (value == NULL) {
        *out = otherwise;
        return true;
    }
    return span_to_u64(span_of(value), out);
}

struct span
request_body(const struct request *request)
{
    struct evbuffer *body = evhttp_request_get_input_buffer(request->http);
    size_t size = body == NULL ? 0 : evbuffer_get_length(body);
    const unsigned char *data = size == 0 ? NULL : evbuffer_pullup(body, -1);
    return data == NULL ? SPAN("") : (struct span){(const char *)data, size};
}

void
request_add_header(const struct request *request, const char *name, const char *value)
{
    evhttp_add_header(evhttp_request_get_output_headers(request->http), name, value);
}

void
request_reply_bytes(const struct request *request, int status, const char *type, struct span bytes)
{
    struct evbuffer *out = evbuffer_new();
    bool is_head = strcmp(request->method, "HEAD") == 0;
    char size[24];
    snprintf(size, sizeof(size), "%zu", bytes.size);
    request_add_header(request, "Content-Type", type);
    request_add_header(request, "Content-Length", size);
    request_add_header(request, "Cache-Control", "no-store");
    request_add_header(request, "X-Content-Type-Options", "nosniff");
    if (out == NULL || (!is_head && evbuffer_add(out, bytes.data, bytes.size) != 0)) {
        evhttp_send_error(request->http, HTTP_SERVUNAVAIL, NULL);
    } else {
        evhttp_send_reply(request->http, status, wire_status_text((unsigned)status), out);
    }
    if (out != NULL) {
        evbuffer_free(out);
    }
}

void
request_reply_json(const struct request *request, int status, json_t *object)
{
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(object);
    if (text == NULL) {
        request_reply_bytes(
            request, 503, "application/json",
            SPAN("{\"error\":\"no_memory\",\"message\":\"turnoutd is out of memory\"}\n"));
        return;
    }
    size_t size = strlen(text);
    text[size] = '\n'; /* in the place of the NUL: the bytes are counted */
    request_reply_bytes(request, status, "application/json", (struct span){text, size + 1});
    free(text);
}

void
request_reply_error(const struct request *request, int status, const char *code, const char *format,
                    ...)
{
    char message[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    json_t *text = json_string(message);
    if (text == NULL) {
        /* What was quoted in it is not UTF-8. */
        text = json_string("the request holds text that is not UTF-8");
    }
    request_reply_json(request, status, json_pack("{s:s,s:o}", "error", code, "message", text));
}
