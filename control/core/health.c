#include "control/core/health.h"

#include "proxy/base/check.h"

void
core_health_init(struct core_health *health, uint64_t warm_epoch)
{
    *health = (struct core_health){CORE_VERDICT_UNKNOWN, 0, 0, warm_epoch};
}

void
core_health_warm(struct core_health *health, uint64_t warm_epoch)
{
    if (health->warm_epoch != warm_epoch) {
        health->warm_epoch = warm_epoch;
        health->passes = 0;
    }
}

static bool
health_decide(struct core_health *health, enum core_verdict verdict)
{
    bool is_changed = health->verdict != verdict;
    health->verdict = verdict;
    return is_changed;
}

bool
core_health_passed(struct core_health *health, uint32_t rise)
{
    CHECK(rise > 0);
    health->failures = 0;
    if (health->passes < UINT32_MAX) {
        health->passes++;
    }
    return health->passes >= rise && health_decide(health, CORE_VERDICT_UP);
}

bool
core_health_failed(struct core_health *health, uint32_t fall)
{
    CHECK(fall > 0);
    health->passes = 0;
    if (health->failures < UINT32_MAX) {
        health->failures++;
    }
    return health->failures >= fall && health_decide(health, CORE_VERDICT_DOWN);
}

bool
core_health_routes(enum core_verdict verdict, bool is_live)
{
    return verdict == CORE_VERDICT_UP || (verdict == CORE_VERDICT_UNKNOWN && is_live);
}

const char *
core_verdict_name(enum core_verdict verdict)
{
    static const char *const names[] = {"unknown", "up", "down"};
    CHECK(verdict <= CORE_VERDICT_DOWN);
    return names[verdict];
}
