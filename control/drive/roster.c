#include "control/drive/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/base/check.h"
#include "proxy/base/clock.h"
#include "proxy/base/log.h"

struct roster {
    const struct conf *conf;
    struct prober *prober;
    struct roster_calls calls;
    struct list sets;
    size_t set_count;
    uint64_t last_id;
    struct core_observed_set *observed;
};

enum err
roster_new(const struct conf *conf, struct prober *prober, const struct roster_calls *calls,
           struct roster **out)
{
    struct roster *roster = calloc(1, sizeof(*roster));
    if (roster == NULL) {
        return ERR_NO_MEMORY;
    }
    roster->conf = conf;
    roster->prober = prober;
    roster->calls = *calls;
    list_init(&roster->sets);
    *out = roster;
    return ERR_OK;
}

static void
set_unwatch(struct roster_set *set)
{
    for (size_t i = 0; set->instances != NULL && i < set->instance_count; i++) {
        prober_unwatch(set->roster->prober, set->instances[i].probe);
        set->instances[i].probe = NULL;
    }
}

static void
set_free(struct roster_set *set)
{
    set_unwatch(set);
    list_remove(&set->node);
    set->roster->set_count--;
    free(set->instances);
    free(set->addresses);
    free(set->observed);
    free(set);
}

void
roster_free(struct roster *roster)
{
    if (roster == NULL) {
        return;
    }
    while (!list_is_empty(&roster->sets)) {
        set_free(LIST_ITEM(roster->sets.next, struct roster_set, node));
    }
    free(roster->observed);
    free(roster);
}

struct roster_set *
roster_find(const struct roster *roster, const struct digest *digest)
{
    for (struct list *node = roster->sets.next; node != &roster->sets; node = node->next) {
        struct roster_set *set = LIST_ITEM(node, struct roster_set, node);
        if (core_digest_equal(&set->digest, digest)) {
            return set;
        }
    }
    return NULL;
}

static struct roster_set *
set_new(struct roster *roster, const struct core_set *known, uint32_t role)
{
    size_t count = known->address_count;
    struct roster_set *set = calloc(1, sizeof(*set));
    if (set == NULL) {
        return NULL;
    }
    set->roster = roster;
    set->digest = known->digest;
    set->role = role;
    set->instance_count = count;
    set->instances = calloc(count, sizeof(*set->instances));
    set->addresses = calloc(count, CORE_ADDRESS_SIZE);
    set->observed = calloc(count, sizeof(*set->observed));
    list_add_last(&roster->sets, &set->node);
    roster->set_count++;
    if (set->instances == NULL || set->addresses == NULL || set->observed == NULL) {
        set_free(set);
        return NULL;
    }
    set->id = ++roster->last_id;
    memcpy(set->build, known->build, sizeof(set->build));
    memcpy(set->addresses, known->addresses, count * CORE_ADDRESS_SIZE);
    for (size_t i = 0; i < count; i++) {
        set->instances[i].set = set;
        set->instances[i].index = i;
        core_health_init(&set->instances[i].health, known->warm_epoch);
    }
    return set;
}

static const struct conf_role *
set_role(const struct roster_set *set)
{
    return &set->roster->conf->roles[set->role];
}

bool
roster_instance_is_up(const struct roster_instance *instance)
{
    return core_health_routes(instance->health.verdict, instance->set->is_live);
}

static void
log_verdict(const struct roster_set *set, const struct roster_instance *instance)
{
    char quoted[LOG_QUOTE_SIZE];
    const char *role = set_role(set)->settings.name;
    const char *address = set->addresses[instance->index];
    if (instance->health.verdict == CORE_VERDICT_UP) {
        LOG(INSTANCE_UP, "role=%s build=%s instance=%s", role, set->build, address);
    } else {
        LOG(INSTANCE_DOWN, "role=%s build=%s instance=%s reason=%s", role, set->build, address,
            log_quote(instance->reason, quoted));
    }
}

/* A set without any instance that is up serves nobody: that is for the operator to know at once. */
static void
log_set(const struct roster_set *set)
{
    for (size_t i = 0; i < set->instance_count; i++) {
        if (roster_instance_is_up(&set->instances[i])) {
            return;
        }
    }
    const char *role = set_role(set)->settings.name;
    if (set->is_live) {
        LOG(SET_DOWN, "role=%s build=%s advice=\"clients get 503; roll back or mend it\"", role,
            set->build);
    } else if (set->is_canary) {
        LOG(CANDIDATE_DOWN, "role=%s build=%s advice=\"its share goes to the live set\"", role,
            set->build);
    }
}

static void
on_probe(void *context, const struct probe_result *result)
{
    struct roster_instance *instance = context;
    struct roster_set *set = instance->set;
    const struct conf_health *health = &set_role(set)->health;
    bool has_passed = result->reason == PROBE_PASSED;
    bool was_up = roster_instance_is_up(instance);
    instance->has_result = true;
    instance->last = *result;
    instance->reason[0] = '\0';
    if (!has_passed) {
        snprintf(instance->reason, sizeof(instance->reason), "%s%s%s",
                 probe_reason_word(result->reason), result->detail[0] == '\0' ? "" : ": ",
                 result->detail);
    }
    bool has_changed = has_passed ? core_health_passed(&instance->health, health->rise)
                                  : core_health_failed(&instance->health, health->fall);
    if (has_changed) {
        log_verdict(set, instance);
        if (was_up && !roster_instance_is_up(instance)) {
            log_set(set);
        }
    }
    set->roster->calls.on_result(set->roster->calls.argument, set, instance, has_changed);
}

static enum err
set_watch(struct roster_set *set)
{
    for (size_t i = 0; i < set->instance_count; i++) {
        struct roster_instance *instance = &set->instances[i];
        if (instance->probe != NULL) {
            continue;
        }
        struct probe_target target = {
            .address = set->addresses[i],
            .build = set->build,
            .health = &set_role(set)->health,
            .forwarded_proto = set_role(set)->settings.redirect_https ? "https" : NULL,
        };
        enum err err =
            prober_watch(set->roster->prober, &target, on_probe, instance, &instance->probe);
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

/* From here on a drain's report counts. */
static void
set_begin_drain(struct roster_set *set, const struct ledger *ledger)
{
    set->oldest_ms = 0;
    set->is_cut = false;
    set->ended_before = set->cut_before = 0;
    if (ledger != NULL) {
        set->ended_before = ledger_ended(ledger);
        set->cut_before = ledger_cut(ledger);
    }
}

static void
set_note_hold(struct roster_set *set, bool is_held, const struct ledger *ledger)
{
    if (is_held && !set->is_held && ledger != NULL) {
        set->timed_out_before = ledger_timed_out(ledger);
    }
    set->is_held = is_held;
}

static void
set_sync(struct roster_set *set, const struct core_target_role *role,
         const struct core_target_set *wanted, const struct engine *engine)
{
    const struct ledger *ledger = engine == NULL ? NULL : engine_ledger(engine, set->id);
    bool is_closed = wanted->is_closed;
    if (is_closed && !set->is_closed) {
        set_begin_drain(set, ledger);
    }
    /* What a deadline cut was the drain; who comes in afterwards, by preview or after a rollback,
       is not to be cut. */
    if (wanted->set->status != CORE_STATUS_DRAINING &&
        wanted->set->status != CORE_STATUS_RETIRING) {
        set->is_cut = false;
    }
    set_note_hold(set, role->is_held, ledger);
    set->is_kept = true;
    set->is_live = wanted->is_live;
    set->is_canary = wanted->is_canary;
    set->is_closed = is_closed;
    set->is_sealed = wanted->is_sealed;
    for (size_t i = 0; i < set->instance_count; i++) {
        core_health_warm(&set->instances[i].health, wanted->set->warm_epoch);
    }
}

static enum err
roster_sync_set(struct roster *roster, const struct core_target *target, size_t role, size_t index,
                const struct engine *engine)
{
    const struct core_target_set *wanted = &target->roles[role].sets[index];
    struct roster_set *set = roster_find(roster, &wanted->set->digest);
    if (set == NULL) {
        set = set_new(roster, wanted->set, (uint32_t)role);
    }
    if (set == NULL) {
        return ERR_NO_MEMORY;
    }
    set_sync(set, &target->roles[role], wanted, engine);
    if (!wanted->is_probed) {
        set_unwatch(set);
        return ERR_OK;
    }
    return set_watch(set);
}

enum err
roster_sync(struct roster *roster, const struct core_target *target, const struct engine *engine)
{
    enum err err = ERR_OK;
    for (struct list *node = roster->sets.next; node != &roster->sets; node = node->next) {
        LIST_ITEM(node, struct roster_set, node)->is_kept = false;
    }
    for (size_t i = 0; i < target->role_count; i++) {
        for (size_t j = 0; j < target->roles[i].set_count; j++) {
            enum err one = roster_sync_set(roster, target, i, j, engine);
            err = one != ERR_OK ? one : err;
        }
    }
    for (struct list *node = roster->sets.next; node != &roster->sets; node = node->next) {
        struct roster_set *set = LIST_ITEM(node, struct roster_set, node);
        if (!set->is_kept) {
            set_unwatch(set);
            set->is_live = set->is_canary = false;
        }
    }
    return err;
}

static void
observe_instances(struct roster_set *set)
{
    for (size_t i = 0; i < set->instance_count; i++) {
        const struct roster_instance *instance = &set->instances[i];
        set->observed[i] = (struct core_observed_instance){
            .verdict = instance->health.verdict,
            .passes = instance->health.passes,
            .warm_epoch = instance->health.warm_epoch,
            .reason = instance->has_result ? instance->reason : "not checked yet",
        };
    }
}

static void
observe_ledger(struct roster_set *set, const struct ledger *ledger, struct core_observed_set *out)
{
    out->in_flight[CORE_WAY_NORMAL] = ledger_in_flight(ledger, LEDGER_NORMAL);
    out->in_flight[CORE_WAY_PREVIEW] = ledger_in_flight(ledger, LEDGER_PREVIEW);
    out->has_timed_out = set->is_held && ledger_timed_out(ledger) > set->timed_out_before;
    if (!set->is_closed) {
        return;
    }
    uint64_t oldest_us = ledger_oldest_us(ledger);
    uint64_t now_us = clock_mono_us();
    if (oldest_us != 0 && now_us > oldest_us && (now_us - oldest_us) / 1000 > set->oldest_ms) {
        set->oldest_ms = (now_us - oldest_us) / 1000;
    }
    out->cut = ledger_cut(ledger) - set->cut_before;
    out->finished = ledger_ended(ledger) - set->ended_before - out->cut;
    out->oldest_ms = set->oldest_ms;
}

enum err
roster_observe(struct roster *roster, const struct engine *engine, struct core_observations *out)
{
    struct core_observed_set *observed =
        realloc(roster->observed, (roster->set_count + 1) * sizeof(*observed));
    if (observed == NULL) {
        return ERR_NO_MEMORY;
    }
    roster->observed = observed;
    size_t count = 0;
    for (struct list *node = roster->sets.next; node != &roster->sets; node = node->next) {
        struct roster_set *set = LIST_ITEM(node, struct roster_set, node);
        if (!set->is_kept) {
            continue;
        }
        const struct ledger *ledger = engine == NULL ? NULL : engine_ledger(engine, set->id);
        struct core_observed_set *seen = &observed[count++];
        memset(seen, 0, sizeof(*seen));
        seen->digest = set->digest;
        seen->instances = set->observed;
        seen->instance_count = set->instance_count;
        seen->is_cut = set->is_cut;
        observe_instances(set);
        if (ledger != NULL) {
            observe_ledger(set, ledger, seen);
        }
    }
    out->sets = observed;
    out->set_count = count;
    return ERR_OK;
}

void
roster_forget(struct roster *roster, struct engine *engine)
{
    struct list *next;
    for (struct list *node = roster->sets.next; node != &roster->sets; node = next) {
        next = node->next;
        struct roster_set *set = LIST_ITEM(node, struct roster_set, node);
        if (!set->is_kept && engine_forget(engine, set->id)) {
            set_free(set);
        }
    }
}

bool
roster_is_checked(const struct roster *roster)
{
    for (struct list *node = roster->sets.next; node != &roster->sets; node = node->next) {
        const struct roster_set *set = LIST_ITEM(node, struct roster_set, node);
        for (size_t i = 0; set->is_live && i < set->instance_count; i++) {
            if (!set->instances[i].has_result) {
                return false;
            }
        }
    }
    return true;
}
