/*
 * log: the daemon's own log, one line an event: time, level, event name, key=value pairs. Events
 * are listed in log.def. Values are escaped, so that no peer can forge a line. Never secrets,
 * bodies, or per-request facts (those belong to the access log). Any thread; a line is one write.
 */
#ifndef TURNOUT_BASE_LOG_H
#define TURNOUT_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

enum log_event {
#define LOG_EVENT(name, level, meaning) LOG_##name##_EVENT,
#include "proxy/base/log.def"
#undef LOG_EVENT
    LOG_EVENT_COUNT
};

/* Logs one event. `format` is printf's for "key=value key=value ..."; values that come from outside
 * go through log_quote. LOG(READY, "workers=%u", n). */
#define LOG(name, ...) log_write(LOG_##name##_EVENT, __VA_ARGS__)

void log_write(enum log_event event, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Lines below this level are dropped. LOG_LEVEL_INFO at start. */
void log_set_level(enum log_level level);

enum { LOG_QUOTE_SIZE = 256 };

/* `text` in quotes with control bytes, quotes and backslashes escaped, cut to fit; returns out. */
const char *log_quote(const char *text, char out[LOG_QUOTE_SIZE]);

/* Name ("READY"), level and meaning of an event, for the documentation and its test. */
const char *log_event_name(enum log_event event);
enum log_level log_event_level(enum log_event event);
const char *log_event_meaning(enum log_event event);

#endif
