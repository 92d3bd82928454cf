#include "control/core/observe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "proxy/base/check.h"

const struct core_observed_set *
core_observed_find(const struct core_observations *observations, const struct digest *digest)
{
    for (size_t i = 0; i < observations->set_count; i++) {
        if (core_digest_equal(&observations->sets[i].digest, digest)) {
            return &observations->sets[i];
        }
    }
    return NULL;
}

static bool
observe_is_ready(const struct core_set *set, const struct core_observed_instance *instance,
                 uint32_t rise)
{
    return instance->verdict == CORE_VERDICT_UP && instance->warm_epoch == set->warm_epoch &&
           instance->passes >= rise;
}

void
core_set_observe(const struct core_set *set, const struct core_observations *observations,
                 uint32_t rise, struct core_set_health *out)
{
    const struct core_observed_set *observed = core_observed_find(observations, &set->digest);
    bool is_live = set->status == CORE_STATUS_LIVE;
    *out = (struct core_set_health){.instances = set->address_count};
    for (size_t i = 0; observed != NULL && i < observed->instance_count; i++) {
        const struct core_observed_instance *instance = &observed->instances[i];
        out->ready += observe_is_ready(set, instance, rise) ? 1 : 0;
        out->healthy += core_health_routes(instance->verdict, is_live) ? 1 : 0;
        out->up += instance->verdict == CORE_VERDICT_UP ? 1 : 0;
        out->down += instance->verdict == CORE_VERDICT_DOWN ? 1 : 0;
    }
}

const char *
core_set_life(const struct core_set *set, const struct core_observations *observations,
              uint32_t rise)
{
    struct core_set_health health;
    if (set->status != CORE_STATUS_REGISTERED) {
        return core_status_name(set->status);
    }
    if (set->role->canary == set) {
        return "canary";
    }
    core_set_observe(set, observations, rise, &health);
    if (health.ready == health.instances) {
        return "ready";
    }
    return core_observed_find(observations, &set->digest) == NULL ? "registered" : "warming";
}

struct observe_text {
    char *out;
    size_t capacity;
    size_t size;
};

static void observe_say(struct observe_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
observe_say(struct observe_text *text, const char *format, ...)
{
    va_list arguments;
    int size;
    va_start(arguments, format);
    size = vsnprintf(text->out + text->size, text->capacity - text->size, format, arguments);
    va_end(arguments);
    if (size > 0) {
        text->size += (size_t)size;
        if (text->size >= text->capacity) {
            text->size = text->capacity - 1;
        }
    }
}

static void
observe_explain(struct observe_text *text, const char *address, uint32_t rise,
                const struct core_observed_instance *instance)
{
    observe_say(text, "%s%s: ", text->size > 0 ? "; " : "", address);
    if (instance != NULL && instance->passes == 0 && instance->reason != NULL &&
        instance->reason[0] != '\0') {
        observe_say(text, "%s", instance->reason);
    } else if (instance == NULL || instance->passes == 0) {
        observe_say(text, "not checked yet");
    } else {
        observe_say(text, "%u of %u checks passed in a row", instance->passes, rise);
    }
}

void
core_set_explain(const struct core_set *set, const struct core_observations *observations,
                 uint32_t rise, char *out, size_t capacity)
{
    const struct core_observed_set *observed = core_observed_find(observations, &set->digest);
    struct observe_text text = {out, capacity, 0};
    CHECK(capacity > 0);
    out[0] = '\0';
    for (size_t i = 0; i < set->address_count; i++) {
        const struct core_observed_instance *instance =
            observed != NULL && i < observed->instance_count ? &observed->instances[i] : NULL;
        if (instance == NULL || !observe_is_ready(set, instance, rise)) {
            observe_explain(&text, set->addresses[i], rise, instance);
        }
    }
}

uint64_t
core_observed_in_flight(const struct core_observed_set *observed)
{
    uint64_t all = 0;
    for (size_t i = 0; i < CORE_WAY_COUNT; i++) {
        all += observed->in_flight[i];
    }
    return all;
}
