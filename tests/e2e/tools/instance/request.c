#include "tests/e2e/tools/instance/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/e2e/tools/common/net.h"

enum { HEAD_MAX = 1024 * 1024, LINE_MAX_BYTES = 4096 };

bool
request_field(const struct request *request, const char *name, char *out, size_t out_size)
{
    size_t name_size = strlen(name);
    const char *line = strstr(request->head, "\r\n");
    for (; line != NULL; line = strstr(line + 2, "\r\n")) {
        const char *at = line + 2;
        if (strncasecmp(at, name, name_size) == 0 && at[name_size] == ':') {
            at += name_size + 1;
            at += strspn(at, " \t");
            snprintf(out, out_size, "%.*s", (int)strcspn(at, "\r\n"), at);
            return true;
        }
    }
    return false;
}

/* "METHOD target HTTP/1.x": method, path and query. */
static bool
request_line(struct request *request)
{
    const char *space = strchr(request->head, ' ');
    const char *target = space == NULL ? NULL : space + 1;
    const char *end = target == NULL ? NULL : strpbrk(target, " \r\n");
    if (end == NULL || strncmp(end, " HTTP/1.", 8) != 0) {
        return false;
    }
    snprintf(request->method, sizeof(request->method), "%.*s", (int)(space - request->head),
             request->head);
    size_t path = strcspn(target, "? \r\n");
    snprintf(request->path, sizeof(request->path), "%.*s", (int)path, target);
    size_t query = target[path] == '?' ? (size_t)(end - target) - path - 1 : 0;
    request->query = strndup(query == 0 ? "" : target + path + 1, query);
    request->is_keep_alive = end[8] == '1';
    return request->query != NULL;
}

static bool
request_framing(struct request *request)
{
    char value[64];
    if (request_field(request, "Connection", value, sizeof(value))) {
        request->is_keep_alive = strcasestr(value, "close") == NULL &&
                                 (request->is_keep_alive || strcasestr(value, "keep-alive"));
    }
    if (request_field(request, "Expect", value, sizeof(value))) {
        request->expects_continue = strcasecmp(value, "100-continue") == 0;
    }
    if (request_field(request, "Transfer-Encoding", value, sizeof(value))) {
        request->is_chunked = strcasecmp(value, "chunked") == 0;
        request->part = PART_CHUNK_SIZE;
        request->state = REQUEST_BODY;
        return request->is_chunked && !request_field(request, "Content-Length", value, 64);
    }
    if (request_field(request, "Content-Length", value, sizeof(value))) {
        char *end;
        request->left = strtoull(value, &end, 10);
        request->part = PART_LENGTH;
        request->state = request->left == 0 ? REQUEST_WHOLE : REQUEST_BODY;
        return *end == '\0';
    }
    request->state = REQUEST_WHOLE;
    return true;
}

void
request_read_head(struct request *request, struct buf *in)
{
    char *end = in->size < 4 ? NULL : memmem(in->at, in->size, "\r\n\r\n", 4);
    if (end == NULL) {
        request->state = in->size > HEAD_MAX ? REQUEST_BAD : REQUEST_HEAD;
        return;
    }
    request->head_size = (size_t)(end - in->at) + 4;
    request->head = strndup(in->at, request->head_size);
    request->body_fnv = NET_FNV_START;
    buf_cut(in, request->head_size);
    if (request->head == NULL || strlen(request->head) != request->head_size ||
        !request_line(request) || !request_framing(request)) {
        request->state = REQUEST_BAD;
        return;
    }
    request_field(request, "X-Post-Id", request->post_id, sizeof(request->post_id));
}

static void
body_take(struct request *request, struct buf *in, size_t size)
{
    if (request->keeps_body) {
        buf_add(&request->body, in->at, size);
    }
    buf_cut(in, size);
}

static bool
body_data(struct request *request, struct buf *in)
{
    size_t size = in->size < request->left ? in->size : (size_t)request->left;
    request->body_fnv = net_fnv(request->body_fnv, in->at, size);
    request->body_bytes += size;
    request->left -= size;
    body_take(request, in, size);
    if (request->left > 0) {
        return false;
    }
    request->part = PART_CHUNK_END;
    request->state = request->is_chunked ? REQUEST_BODY : REQUEST_WHOLE;
    return request->is_chunked;
}

/* A line of the chunked framing: its length with CRLF, 0 if it is not there yet. */
static size_t
body_line(struct request *request, struct buf *in)
{
    char *end = in->size == 0 ? NULL : memmem(in->at, in->size, "\r\n", 2);
    if (end == NULL && in->size > LINE_MAX_BYTES) {
        request->state = REQUEST_BAD;
    }
    return end == NULL ? 0 : (size_t)(end - in->at) + 2;
}

static bool
body_framing(struct request *request, struct buf *in)
{
    size_t size = body_line(request, in);
    if (size == 0) {
        return false;
    }
    if (request->part == PART_CHUNK_SIZE) {
        char *end;
        request->left = strtoull(in->at, &end, 16);
        bool is_number = end > in->at && (*end == '\r' || *end == ';');
        request->state = is_number ? REQUEST_BODY : REQUEST_BAD;
        request->part = request->left == 0 ? PART_TRAILERS : PART_CHUNK;
    } else if (request->part == PART_CHUNK_END) {
        request->state = size == 2 ? REQUEST_BODY : REQUEST_BAD;
        request->part = PART_CHUNK_SIZE;
    } else if (size == 2) {
        request->state = REQUEST_WHOLE;
    } else {
        buf_add(&request->trailers, in->at, size);
    }
    body_take(request, in, size);
    return request->state == REQUEST_BODY;
}

void
request_read_body(struct request *request, struct buf *in)
{
    bool goes_on = true;
    while (goes_on && in->size > 0) {
        bool is_data = request->part == PART_LENGTH || request->part == PART_CHUNK;
        goes_on = is_data ? body_data(request, in) : body_framing(request, in);
    }
}

void
request_free(struct request *request)
{
    free(request->head);
    free(request->query);
    buf_free(&request->body);
    buf_free(&request->trailers);
    *request = (struct request){0};
}
