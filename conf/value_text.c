#include "conf/value.h"

#include <ctype.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { ROLE_NAME_MAX = 32, PATH_BYTES_MAX = 4096 };

static bool
is_printable(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < ' ' || text.data[i] > '~') {
            return false;
        }
    }
    return true;
}

bool
value_text(struct reader *reader, const struct setting *setting, const struct value *value,
           void *out)
{
    (void)setting;
    return value->kind == VALUE_TEXT && is_printable(value->text) &&
           reader_keep(reader, value->text, out);
}

/* The path as the process can use it: a relative one starts from the file's folder. NULL when it
 * cannot be one. */
static char *
resolve(struct reader *reader, const struct value *value)
{
    struct buf path;
    if (value->kind != VALUE_TEXT || value->text.size == 0 || value->text.size > PATH_BYTES_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < value->text.size; i++) {
        if (iscntrl((unsigned char)value->text.data[i])) {
            return NULL;
        }
    }
    if (value->text.data[0] == '/') {
        return reader_string(reader, value->text);
    }
    buf_init(&path);
    char *copy = NULL;
    if (buf_printf(&path, "%s/", reader->folder) && buf_append_span(&path, value->text)) {
        copy = reader_string(reader, buf_span(&path));
    } else {
        reader->has_no_memory = true;
    }
    buf_fini(&path);
    return copy;
}

bool
value_path(struct reader *reader, const struct setting *setting, const struct value *value,
           void *out)
{
    (void)setting;
    char *path = resolve(reader, value);
    if (path == NULL) {
        return false;
    }
    *(const char **)out = path;
    return true;
}

bool
value_file(struct reader *reader, const struct setting *setting, const struct value *value,
           void *out)
{
    (void)setting;
    struct stat facts;
    char *path = resolve(reader, value);
    if (path == NULL) {
        return false;
    }
    if (stat(path, &facts) != 0) {
        reader->hint =
            "there is no such file; relative paths start from the configuration's folder";
        return false;
    }
    if (!S_ISREG(facts.st_mode)) {
        reader->hint = "it is not a file";
        return false;
    }
    *(const char **)out = path;
    return true;
}

bool
value_socket_path(struct reader *reader, const struct setting *setting, const struct value *value,
                  void *out)
{
    struct sockaddr_un address;
    const char *path;
    if (!value_path(reader, setting, value, &path) || strlen(path) >= sizeof(address.sun_path)) {
        return false;
    }
    *(const char **)out = path;
    return true;
}

bool
value_log_path(struct reader *reader, const struct setting *setting, const struct value *value,
               void *out)
{
    bool is_name = value->kind == VALUE_TEXT &&
                   (span_equal(value->text, SPAN("-")) ||
                    span_equal(value->text, SPAN("syslog:")) || value->text.size == 0);
    return is_name ? reader_keep(reader, value->text, out)
                   : value_path(reader, setting, value, out);
}

bool
value_role_name(struct reader *reader, const struct setting *setting, const struct value *value,
                void *out)
{
    (void)setting;
    if (value->kind != VALUE_TEXT || value->text.size == 0 || value->text.size > ROLE_NAME_MAX ||
        !islower((unsigned char)value->text.data[0])) {
        return false;
    }
    for (size_t i = 0; i < value->text.size; i++) {
        unsigned char c = (unsigned char)value->text.data[i];
        if (!islower(c) && !isdigit(c) && c != '-') {
            return false;
        }
    }
    return reader_keep(reader, value->text, out);
}

/* RFC 9110 section 5.1: a token. */
bool
value_field_name(struct reader *reader, const struct setting *setting, const struct value *value,
                 void *out)
{
    (void)setting;
    if (value->kind != VALUE_TEXT) {
        return false;
    }
    for (size_t i = 0; i < value->text.size; i++) {
        unsigned char c = (unsigned char)value->text.data[i];
        if (!isalnum(c) && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)) {
            return false;
        }
    }
    return reader_keep(reader, value->text, out);
}

/* RFC 6797 section 6.1: max-age must be there. */
bool
value_hsts(struct reader *reader, const struct setting *setting, const struct value *value,
           void *out)
{
    (void)setting;
    static const char must[] = "max-age=";
    if (value->kind != VALUE_TEXT || !is_printable(value->text)) {
        return false;
    }
    bool has_max_age = memmem(value->text.data, value->text.size, must, sizeof(must) - 1) != NULL;
    return (value->text.size == 0 || has_max_age) && reader_keep(reader, value->text, out);
}
