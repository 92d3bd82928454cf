#include "proxy/base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "proxy/base/clock.h"

enum { LOG_LINE_SIZE = 2048 };

static _Atomic int log_level_least = LOG_LEVEL_INFO;

static const struct {
    const char *name;
    enum log_level level;
    const char *meaning;
} log_events[LOG_EVENT_COUNT] = {
#define LOG_EVENT(name, level, meaning) [LOG_##name##_EVENT] = {#name, LOG_LEVEL_##level, meaning},
#include "proxy/base/log.def"
#undef LOG_EVENT
};

void
log_set_level(enum log_level level)
{
    atomic_store(&log_level_least, (int)level);
}

const char *
log_event_name(enum log_event event)
{
    return log_events[event].name;
}

enum log_level
log_event_level(enum log_event event)
{
    return log_events[event].level;
}

const char *
log_event_meaning(enum log_event event)
{
    return log_events[event].meaning;
}

void
log_write(enum log_event event, const char *format, ...)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    enum log_level level = log_events[event].level;
    if ((int)level < atomic_load_explicit(&log_level_least, memory_order_relaxed)) {
        return;
    }
    char line[LOG_LINE_SIZE];
    char time[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(clock_wall_us(), time);
    int size =
        snprintf(line, sizeof(line), "%s %-5s %s ", time, levels[level], log_events[event].name);
    for (int i = 0; i < size; i++) {
        if (i > CLOCK_RFC3339_SIZE && line[i] >= 'A' && line[i] <= 'Z') {
            line[i] = (char)(line[i] | 0x20);
        }
    }
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(line + size, sizeof(line) - (size_t)size, format, arguments);
    va_end(arguments);
    size_t total = (size_t)size + (more < 0 ? 0 : (size_t)more);
    if (total > sizeof(line) - 1) {
        total = sizeof(line) - 1;
    }
    line[total] = '\n';
    ssize_t written = write(STDERR_FILENO, line, total + 1);
    (void)written; /* there is nowhere left to say that the log cannot be written */
}

const char *
log_quote(const char *text, char out[LOG_QUOTE_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;
    out[at++] = '"';
    for (; *text != '\0' && at < LOG_QUOTE_SIZE - 6; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c >= 0x7f) {
            out[at++] = '\\';
            out[at++] = 'x';
            out[at++] = digits[c >> 4];
            out[at++] = digits[c & 15];
            continue;
        }
        if (c == '"' || c == '\\') {
            out[at++] = '\\';
        }
        out[at++] = (char)c;
    }
    out[at++] = '"';
    out[at] = '\0';
    return out;
}
