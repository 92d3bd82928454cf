#include "tests/e2e/tools/instance/settings.h"

#include <string.h>

#include "tests/e2e/tools/common/query.h"
#include "tests/e2e/tools/instance/stats.h"

struct settings settings = {
    .build = "v1",
    .health = "ok",
    .health_status = 200,
    .health_delay_ms = 100,
    .close_when = "none",
    .close_how = "fin",
    .close_from = 1,
    .close_limit = -1,
    .status = 200,
    .keep_alive_timeout = -1,
};

void
settings_apply(const char *query)
{
    struct settings *s = &settings;
    query_text(query, "build", s->build, sizeof(s->build));
    query_text(query, "health_build", s->health_build, sizeof(s->health_build));
    query_text(query, "health", s->health, sizeof(s->health));
    query_text(query, "close_when", s->close_when, sizeof(s->close_when));
    query_text(query, "close_how", s->close_how, sizeof(s->close_how));
    s->health_status = query_number(query, "health_status", s->health_status);
    s->health_delay_ms = query_number(query, "health_delay_ms", s->health_delay_ms);
    s->close_from = query_number(query, "close_from", s->close_from);
    s->close_limit = query_number(query, "close_limit", s->close_limit);
    s->close_after_ms = query_number(query, "close_after_ms", s->close_after_ms);
    s->status = query_number(query, "status", s->status);
    s->delay_ms = query_number(query, "delay_ms", s->delay_ms);
    s->keep_alive_timeout = query_number(query, "keep_alive_timeout", s->keep_alive_timeout);
}

bool
settings_take_close(const char *when, unsigned nth)
{
    if (strcmp(settings.close_when, when) != 0 || nth < settings.close_from ||
        settings.close_limit == 0) {
        return false;
    }
    settings.close_limit -= settings.close_limit > 0 ? 1 : 0;
    stats.closings++;
    return true;
}
