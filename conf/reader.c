#include "conf/reader.h"

#include <stdarg.h>

/* What a bad setting's hook points to. */
static char bad_mark;

static void
begin_error(struct reader *reader, unsigned line)
{
    if (line == 0) {
        buf_printf(reader->errors, "%s: ", reader->name);
        return;
    }
    buf_printf(reader->errors, "%s:%u: ", reader->name, line);
}

static void
write_path(struct buf *out, const config_setting_t *where)
{
    const config_setting_t *parent = config_setting_parent(where);
    if (parent == NULL) {
        return;
    }
    write_path(out, parent);
    const char *name = config_setting_name(where);
    if (name == NULL) {
        buf_printf(out, "[%d]", config_setting_index(where));
        return;
    }
    buf_printf(out, "%s%s", config_setting_is_root(parent) ? "" : ".", name);
}

void
reader_error_at(struct reader *reader, unsigned line, const char *format, ...)
{
    if (reader->error_count++ >= READER_ERRORS_MAX) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    begin_error(reader, line);
    buf_vprintf(reader->errors, format, arguments);
    buf_append_text(reader->errors, "\n");
    va_end(arguments);
}

void
reader_error(struct reader *reader, config_setting_t *where, const char *format, ...)
{
    config_setting_set_hook(where, &bad_mark);
    if (reader->error_count++ >= READER_ERRORS_MAX) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    begin_error(reader, config_setting_source_line(where));
    if (!config_setting_is_root(where)) {
        write_path(reader->errors, where);
        buf_append_text(reader->errors, ": ");
    }
    buf_vprintf(reader->errors, format, arguments);
    buf_append_text(reader->errors, "\n");
    va_end(arguments);
}

bool
reader_is_bad(const config_setting_t *where)
{
    return where != NULL && config_setting_get_hook(where) == &bad_mark;
}

void
reader_finish(struct reader *reader)
{
    if (reader->error_count > READER_ERRORS_MAX) {
        buf_printf(reader->errors, "%s: and %zu more mistakes\n", reader->name,
                   reader->error_count - READER_ERRORS_MAX);
    }
}

void *
reader_take(struct reader *reader, size_t size)
{
    void *block = conf_memory_take(reader->memory, size);
    if (block == NULL) {
        reader->has_no_memory = true;
    }
    return block;
}

char *
reader_string(struct reader *reader, struct span text)
{
    char *copy = conf_memory_string(reader->memory, text);
    if (copy == NULL) {
        reader->has_no_memory = true;
    }
    return copy;
}

bool
reader_keep(struct reader *reader, struct span text, void *out)
{
    char *copy = reader_string(reader, text);
    if (copy == NULL) {
        return false;
    }
    *(const char **)out = copy;
    return true;
}
