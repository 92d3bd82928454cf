#include "bench/common/http.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define HTTP_LENGTH_DIGITS_MAX 18
#define HTTP_HEX_DIGITS_MAX    15

static bool
http_is(const char *bytes, size_t size, const char *word)
{
    return strlen(word) == size && strncasecmp(bytes, word, size) == 0;
}

static bool
http_length_read(const char *value, size_t size, uint64_t *length)
{
    uint64_t sum = 0;

    if (size == 0 || size > HTTP_LENGTH_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (value[i] < '0' || value[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(value[i] - '0');
    }
    *length = sum;
    return true;
}

static enum http_result
http_framing_set(struct http_head *head, enum http_framing framing)
{
    if (head->framing != HTTP_UNFRAMED)
        return HTTP_BAD;
    head->framing = framing;
    return HTTP_DONE;
}

/* One field whose name has the length of one that matters. */
static enum http_result
http_field(struct http_head *head, const char *name, size_t name_size, const char *value,
           size_t size)
{
    if (http_is(name, name_size, "content-length")) {
        if (!http_length_read(value, size, &head->length))
            return HTTP_BAD;
        return http_framing_set(head, HTTP_LENGTH);
    }
    if (http_is(name, name_size, "transfer-encoding"))
        return http_is(value, size, "chunked") ? http_framing_set(head, HTTP_CHUNKED) : HTTP_BAD;
    if (http_is(name, name_size, "connection"))
        head->is_close = http_is(value, size, "close");
    if (http_is(name, name_size, "x-build")) {
        head->build = value;
        head->build_size = size;
    }
    return HTTP_DONE;
}

static enum http_result
http_line(struct http_head *head, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    size_t name_size = colon ? (size_t)(colon - line) : 0;
    const char *value;

    if (name_size == 0)
        return HTTP_BAD;
    if (name_size != 14 && name_size != 17 && name_size != 10 && name_size != 7)
        return HTTP_DONE;
    value = colon + 1;
    size -= name_size + 1;
    while (size > 0 && *value == ' ') {
        value++;
        size--;
    }
    return http_field(head, line, name_size, value, size);
}

enum http_result
http_head_read(const char *bytes, size_t size, struct http_head *head)
{
    size_t at = 0;

    *head = (struct http_head){.framing = HTTP_UNFRAMED};
    for (;;) {
        const char *line = bytes + at;
        const char *lf = memchr(line, '\n', size - at);
        size_t length = lf ? (size_t)(lf - line) : 0;

        if (!lf)
            return HTTP_MORE;
        if (length == 0 || line[length - 1] != '\r')
            return HTTP_BAD;
        at += length + 1;
        if (!head->line) {
            head->line = line;
            head->line_size = length - 1;
            continue;
        }
        head->size = at;
        if (length == 1)
            return HTTP_DONE;
        if (http_line(head, line, length - 1) == HTTP_BAD)
            return HTTP_BAD;
    }
}

unsigned
http_head_status(const struct http_head *head)
{
    const char *code = head->line + 9;
    unsigned status = 0;

    if (head->line_size < 13 || memcmp(head->line, "HTTP/1.1 ", 9) != 0 || code[3] != ' ')
        return 0;
    for (unsigned i = 0; i < 3; i++) {
        if (!isdigit((unsigned char)code[i]))
            return 0;
        status = status * 10 + (unsigned)(code[i] - '0');
    }
    return status;
}

void
http_body_begin(struct http_body *body, const struct http_head *head)
{
    *body = (struct http_body){.phase = HTTP_BODY_PLAIN, .left = head->length};
    if (head->framing == HTTP_CHUNKED)
        body->phase = HTTP_BODY_SIZE_FIRST;
}

/* Content bytes of the body or of a chunk; returns how many of `size` they are. */
static size_t
http_body_content(struct http_body *body, size_t size)
{
    size_t take = body->left < size ? (size_t)body->left : size;

    body->left -= take;
    body->seen += take;
    if (body->left == 0 && body->phase == HTTP_BODY_CHUNK)
        body->phase = HTTP_BODY_CHUNK_CR;
    return take;
}

static enum http_result
http_body_digit(struct http_body *body, char byte)
{
    unsigned digit = (unsigned)(byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10);

    if (!isxdigit((unsigned char)byte) || body->left >> (4 * HTTP_HEX_DIGITS_MAX))
        return HTTP_BAD;
    body->left = body->left << 4 | digit;
    body->phase = HTTP_BODY_SIZE;
    return HTTP_MORE;
}

static enum http_result
http_body_expect(struct http_body *body, char byte, char wanted, enum http_body_phase next)
{
    if (byte != wanted)
        return HTTP_BAD;
    body->phase = next;
    return HTTP_MORE;
}

/* One byte between the chunks. */
static enum http_result
http_body_step(struct http_body *body, char byte)
{
    switch (body->phase) {
    case HTTP_BODY_SIZE_FIRST:
        return http_body_digit(body, byte);
    case HTTP_BODY_SIZE:
        if (byte == ';')
            body->phase = HTTP_BODY_EXTENSION;
        else if (byte == '\r')
            body->phase = HTTP_BODY_SIZE_LF;
        else
            return http_body_digit(body, byte);
        return HTTP_MORE;
    case HTTP_BODY_EXTENSION:
        if (byte == '\r')
            body->phase = HTTP_BODY_SIZE_LF;
        return HTTP_MORE;
    case HTTP_BODY_SIZE_LF:
        return http_body_expect(body, byte, '\n', body->left ? HTTP_BODY_CHUNK : HTTP_BODY_TRAILER);
    case HTTP_BODY_CHUNK_CR:
        return http_body_expect(body, byte, '\r', HTTP_BODY_CHUNK_LF);
    case HTTP_BODY_CHUNK_LF:
        return http_body_expect(body, byte, '\n', HTTP_BODY_SIZE_FIRST);
    case HTTP_BODY_TRAILER:
        body->phase = byte == '\r' ? HTTP_BODY_END_LF : HTTP_BODY_TRAILER_LINE;
        return HTTP_MORE;
    case HTTP_BODY_TRAILER_LINE:
        if (byte == '\n')
            body->phase = HTTP_BODY_TRAILER;
        return HTTP_MORE;
    case HTTP_BODY_END_LF:
        return byte == '\n' ? HTTP_DONE : HTTP_BAD;
    case HTTP_BODY_PLAIN:
    case HTTP_BODY_CHUNK:
        break;
    }
    return HTTP_BAD;
}

enum http_result
http_body_take(struct http_body *body, const char *bytes, size_t size, size_t *used)
{
    enum http_result result = HTTP_MORE;
    size_t at = 0;

    if (body->phase == HTTP_BODY_PLAIN) {
        *used = http_body_content(body, size);
        return body->left == 0 ? HTTP_DONE : HTTP_MORE;
    }
    while (at < size && result == HTTP_MORE) {
        if (body->phase == HTTP_BODY_CHUNK)
            at += http_body_content(body, size - at);
        else
            result = http_body_step(body, bytes[at++]);
    }
    *used = at;
    return result;
}
