/* The line of an access record: JSON by hand, because a library's object tree per request would
 * cost more than the proxying. */
#include "proxy/flow/access.h"

#include "proxy/base/clock.h"

/* How much of a client's text is written, and of a name of our own. */
enum {
    ACCESS_TEXT_MAX = 2048,
    ACCESS_TEXTS = 5,
    ACCESS_NAME_MAX = 512,
    ACCESS_NAMES = 8,
    ACCESS_LAST_CHARACTER = 8, /* an escape may begin on the last byte; and the quotes */
    ACCESS_KEYS_MAX = 768,     /* keys, time, numbers */
};

struct line {
    char *at;
};

static void
put(struct line *line, const char *text, size_t size)
{
    memcpy(line->at, text, size);
    line->at += size;
}

#define PUT(line, literal) put(line, literal, sizeof(literal) - 1)

static bool
is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Bytes beyond ASCII become \u00XX: what arrives need not be UTF-8, and a log line must stay JSON.
 */
static void
put_escaped(struct line *line, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        *line->at++ = '\\';
        *line->at++ = (char)c;
        return;
    }
    PUT(line, "\\u00");
    *line->at++ = digits[c >> 4];
    *line->at++ = digits[c & 15];
}

static void
put_cut(struct line *line, struct span text, size_t most)
{
    if (text.size == 0) {
        PUT(line, "null");
        return;
    }
    const char *end = line->at + most;
    *line->at++ = '"';
    for (size_t i = 0; i < text.size && line->at < end; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (is_plain(c)) {
            *line->at++ = (char)c;
        } else {
            put_escaped(line, c);
        }
    }
    *line->at++ = '"';
}

static void
put_string(struct line *line, struct span text)
{
    put_cut(line, text, ACCESS_TEXT_MAX);
}

static void
put_text(struct line *line, const char *text)
{
    put_cut(line, text == NULL ? (struct span){"", 0} : span_of(text), ACCESS_NAME_MAX);
}

static void
put_number(struct line *line, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put(line, digits + at, sizeof(digits) - at);
}

size_t
access_format(const struct access_record *record, const char *node, char out[ACCESS_LINE_MAX])
{
    _Static_assert(ACCESS_LINE_MAX > ACCESS_TEXTS * (ACCESS_TEXT_MAX + ACCESS_LAST_CHARACTER) +
                                         ACCESS_NAMES * (ACCESS_NAME_MAX + ACCESS_LAST_CHARACTER) +
                                         ACCESS_KEYS_MAX,
                   "a line must hold its texts");
    struct line line = {out};
    char time[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(record->wall_us, time);
    PUT(&line, "{\"time\":\"");
    put(&line, time, CLOCK_RFC3339_SIZE - 1);
    PUT(&line, "\",\"request_id\":");
    put_string(&line, record->request_id);
    PUT(&line, ",\"node\":");
    put_text(&line, node);
    PUT(&line, ",\"role\":");
    put_text(&line, record->role);
    PUT(&line, ",\"build\":");
    put_text(&line, record->build);
    PUT(&line, ",\"instance\":");
    put_text(&line, record->instance);
    PUT(&line, ",\"client\":");
    put_string(&line, record->client);
    PUT(&line, ",\"method\":");
    put_string(&line, record->method);
    PUT(&line, ",\"host\":");
    put_string(&line, record->host);
    PUT(&line, ",\"path\":");
    put_string(&line, record->path);
    PUT(&line, ",\"protocol\":");
    put_text(&line, record->protocol);
    PUT(&line, ",\"status\":");
    put_number(&line, (uint64_t)record->status);
    PUT(&line, ",\"bytes_in\":");
    put_number(&line, record->bytes_in);
    PUT(&line, ",\"bytes_out\":");
    put_number(&line, record->bytes_out);
    PUT(&line, ",\"first_byte_us\":");
    put_number(&line, record->first_byte_us);
    PUT(&line, ",\"total_us\":");
    put_number(&line, record->total_us);
    PUT(&line, ",\"connect_us\":");
    put_number(&line, record->connect_us);
    PUT(&line, ",\"retries\":");
    put_number(&line, record->retries);
    PUT(&line, ",\"reason\":");
    put_text(&line, record->reason);
    PUT(&line, ",\"tls\":");
    put_text(&line, record->tls);
    PUT(&line, ",\"cutover\":");
    if (record->cutover == 0) {
        PUT(&line, "null");
    } else {
        put_number(&line, record->cutover);
    }
    PUT(&line, ",\"end\":");
    put_text(&line, record->end);
    PUT(&line, "}\n");
    return (size_t)(line.at - out);
}
