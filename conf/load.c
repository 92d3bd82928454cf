#include "conf/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "conf/reader.h"
#include "conf/scan.h"
#include "proxy/base/log.h"

enum { CONF_BYTES_MAX = 1024 * 1024, CONF_READ_BYTES = 16384 };

static enum err
read_all(int descriptor, struct buf *text)
{
    for (;;) {
        char *room = buf_reserve(text, CONF_READ_BYTES);
        if (room == NULL) {
            return ERR_NO_MEMORY;
        }
        ssize_t size = read(descriptor, room, CONF_READ_BYTES);
        if (size < 0 && errno != EINTR) {
            return err_from_errno(errno);
        }
        if (size == 0) {
            return ERR_OK;
        }
        buf_add_size(text, size < 0 ? 0 : (size_t)size);
        if (buf_size(text) > CONF_BYTES_MAX) {
            return ERR_TOO_LARGE;
        }
    }
}

static enum err
read_path(const char *path, struct buf *text)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return err_from_errno(errno);
    }
    enum err err = read_all(descriptor, text);
    close(descriptor);
    return err;
}

static enum err
refuse_text(struct reader *reader, const struct scan_finding *finding)
{
    char what[LOG_QUOTE_SIZE];
    char quoted[LOG_QUOTE_SIZE] = "";
    size_t size = finding->what.size < sizeof(what) - 1 ? finding->what.size : sizeof(what) - 1;
    memcpy(what, finding->what.data, size);
    what[size] = '\0';
    const char *shown = size == 0 ? "" : log_quote(what, quoted);
    const char *colon = size == 0 ? "" : ": ";
    if (finding->other_line != 0) {
        reader_error_at(reader, finding->line, "%s%s%s (see line %u)", shown, colon,
                        finding->problem, finding->other_line);
    } else {
        reader_error_at(reader, finding->line, "%s%s%s", shown, colon, finding->problem);
    }
    return ERR_SYNTAX;
}

static enum err
refuse_syntax(struct reader *reader, const config_t *config, struct span text)
{
    struct scan_finding finding;
    unsigned line = (unsigned)config_error_line(config);
    if (scan_find_twin(text, line, &finding)) {
        return refuse_text(reader, &finding);
    }
    const char *what = config_error_text(config);
    if (what != NULL && strstr(what, "mismatched element type") != NULL) {
        reader_error_at(reader, line,
                        "the items of [ ] are all of one type; those of ( ) need not be");
        return ERR_SYNTAX;
    }
    reader_error_at(reader, line,
                    "%s; look for a missing = or \"; here, or at the end of the line before",
                    what == NULL ? "syntax error" : what);
    return ERR_SYNTAX;
}

static enum err
fill(struct reader *reader, config_t *config, struct conf *conf)
{
    read_file(reader, config_root_setting(config), conf);
    if (!reader->has_no_memory) {
        derive_all(reader, conf);
        check_all(reader, config, conf);
    }
    reader_finish(reader);
    if (reader->has_no_memory) {
        return ERR_NO_MEMORY;
    }
    return reader->error_count == 0 ? ERR_OK : ERR_INVALID;
}

/* The text ends with a line feed here: libconfig 1.5 refuses a comment without one. */
static enum err
parse(struct reader *reader, struct buf *text, struct conf *conf)
{
    config_t config;
    struct scan_finding finding;
    const char *string = buf_append_text(text, "\n") ? buf_string(text) : NULL;
    if (string == NULL) {
        return ERR_NO_MEMORY;
    }
    if (!scan_check(buf_span(text), &finding)) {
        return refuse_text(reader, &finding);
    }
    config_init(&config);
    enum err err = config_read_string(&config, string) == CONFIG_TRUE
                       ? fill(reader, &config, conf)
                       : refuse_syntax(reader, &config, buf_span(text));
    config_destroy(&config);
    return err;
}

static enum err
load_buf(struct buf *text, const char *name, const char *folder, struct conf **out,
         struct buf *errors)
{
    struct reader reader = {.name = name, .folder = folder, .errors = errors};
    struct conf *conf = calloc(1, sizeof(*conf));
    reader.memory = conf_memory_new();
    if (conf == NULL || reader.memory == NULL) {
        conf_memory_free(reader.memory);
        free(conf);
        return ERR_NO_MEMORY;
    }
    conf->memory = reader.memory;
    enum err err = parse(&reader, text, conf);
    if (err == ERR_OK) {
        *out = conf;
    } else {
        conf_free(conf);
    }
    return err;
}

/* The folder part of a path, "." where there is none. */
static bool
write_folder(const char *path, struct buf *folder)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return buf_append_text(folder, ".");
    }
    return slash == path ? true : buf_append(folder, path, (size_t)(slash - path));
}

enum err
conf_load(const char *path, struct conf **out, struct buf *errors)
{
    struct buf text;
    struct buf folder;
    buf_init(&text);
    buf_init(&folder);
    enum err err = read_path(path, &text);
    if (err != ERR_OK) {
        buf_printf(errors, "%s: cannot be read: %s\n", path, err_text(err));
    } else if (!write_folder(path, &folder) || buf_string(&folder) == NULL) {
        err = ERR_NO_MEMORY;
    } else {
        err = load_buf(&text, path, buf_string(&folder), out, errors);
    }
    buf_fini(&folder);
    buf_fini(&text);
    return err;
}

enum err
conf_load_text(struct span text, const char *name, const char *folder, struct conf **out,
               struct buf *errors)
{
    struct buf copy;
    buf_init(&copy);
    enum err err = text.size > CONF_BYTES_MAX      ? ERR_TOO_LARGE
                   : !buf_append_span(&copy, text) ? ERR_NO_MEMORY
                                                   : load_buf(&copy, name, folder, out, errors);
    buf_fini(&copy);
    return err;
}

void
conf_free(struct conf *conf)
{
    if (conf == NULL) {
        return;
    }
    conf_memory_free(conf->memory);
    free(conf);
}
