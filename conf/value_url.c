#include "conf/value.h"

#include <ctype.h>

enum { URL_BYTES_MAX = 1024 };

/* RFC 3986 section 3.3: what a path segment is made of, percent-encoded octets apart. */
static bool
is_path_byte(unsigned char c)
{
    return isalnum(c) || (c != '\0' && strchr("-._~!$&'()*+,;=:@", c) != NULL);
}

static bool
is_encoded(struct span text)
{
    return text.size >= 3 && text.data[0] == '%' && isxdigit((unsigned char)text.data[1]) &&
           isxdigit((unsigned char)text.data[2]);
}

/* Bytes of the path (and of the query too) up to what cannot be part of it. */
static size_t
path_size(struct span text, bool with_query)
{
    size_t at = 0;
    bool in_query = false;
    while (at < text.size) {
        unsigned char c = (unsigned char)text.data[at];
        if (is_encoded((struct span){text.data + at, text.size - at})) {
            at += 3;
            continue;
        }
        in_query = in_query || (with_query && c == '?');
        if (c != '/' && !is_path_byte(c) && !(in_query && c == '?')) {
            break;
        }
        at++;
    }
    return at;
}

/* "/" alone, or "/" before each segment, none of them empty, "." or "..". */
static bool
has_plain_segments(struct span path)
{
    while (path.size > 0) {
        const char *next = memchr(path.data + 1, '/', path.size - 1);
        size_t size = next == NULL ? path.size : (size_t)(next - path.data);
        struct span segment = {path.data, size};
        if (size == 1 || span_equal(segment, SPAN("/.")) || span_equal(segment, SPAN("/.."))) {
            return false;
        }
        path = (struct span){path.data + size, path.size - size};
    }
    return true;
}

static bool
is_url(const struct value *value)
{
    return value->kind == VALUE_TEXT && value->text.size > 0 && value->text.size <= URL_BYTES_MAX &&
           value->text.data[0] == '/';
}

bool
value_url_prefix(struct reader *reader, const struct setting *setting, const struct value *value,
                 void *out)
{
    (void)setting;
    struct span path = value->text;
    if (!is_url(value) || path_size(path, false) != path.size) {
        return false;
    }
    if (path.data[path.size - 1] == '/') {
        path.size--; /* a prefix ends on the border of a segment either way */
    }
    if (path.size == 0) {
        return reader_keep(reader, SPAN("/"), out);
    }
    if (!has_plain_segments(path)) {
        reader->hint = "a segment is empty, \".\" or \"..\", and no request would match it";
        return false;
    }
    return reader_keep(reader, path, out);
}

bool
value_url_target(struct reader *reader, const struct setting *setting, const struct value *value,
                 void *out)
{
    (void)setting;
    return is_url(value) && path_size(value->text, true) == value->text.size &&
           reader_keep(reader, value->text, out);
}
