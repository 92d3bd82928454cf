/*
 * same: whether two states are the same in every field but seen_ms, looked at one by one: the
 * core's own equality goes by snapshots, and would not miss what a snapshot forgets.
 */
#ifndef TURNOUT_TESTS_SIM_SAME_H
#define TURNOUT_TESTS_SIM_SAME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "control/core/state.h"

#define SAME(a, b, member)        assert_int_equal((a)->member, (b)->member)
#define SAME_TEXT(a, b, member)   assert_string_equal((a)->member, (b)->member)
#define SAME_DIGEST(a, b, member) assert_true(core_digest_equal(&(a)->member, &(b)->member))

static inline void
same_set(const struct core_set *a, const struct core_set *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a == NULL) {
        return;
    }
    SAME_TEXT(a, b, role->name);
    SAME_DIGEST(a, b, digest);
    SAME_TEXT(a, b, build);
    SAME(a, b, status);
    SAME(a, b, is_bad);
    SAME(a, b, registered_epoch);
    SAME(a, b, warm_epoch);
    SAME(a, b, status_epoch);
    SAME(a, b, status_us);
    SAME_TEXT(a, b, reason);
    SAME(a, b, cutover);
    SAME(a, b, drain_timeout_ms);
    SAME(a, b, finished);
    SAME(a, b, cut);
    SAME(a, b, oldest_ms);
    SAME(a, b, address_count);
    for (size_t i = 0; i < a->address_count; i++) {
        SAME_TEXT(a, b, addresses[i]);
    }
}

static inline void
same_cutover(const struct core_cutover *a, const struct core_cutover *b)
{
    SAME(a, b, id);
    SAME(a, b, kind);
    SAME(a, b, result);
    SAME_DIGEST(a, b, from);
    SAME_DIGEST(a, b, to);
    SAME_TEXT(a, b, from_build);
    SAME_TEXT(a, b, to_build);
    SAME(a, b, since_us);
    SAME(a, b, at_us);
    SAME_TEXT(a, b, by);
    SAME_TEXT(a, b, reason);
    SAME_TEXT(a, b, superseded_by);
    SAME(a, b, finished);
    SAME(a, b, cut);
    SAME(a, b, oldest_ms);
}

static inline void
same_operation(const struct core_operation *a, const struct core_operation *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a == NULL) {
        return;
    }
    SAME(a, b, id);
    SAME(a, b, kind);
    SAME(a, b, order);
    SAME(a, b, is_forced);
    SAME(a, b, ready_timeout_ms);
    SAME(a, b, drain_timeout_ms);
    SAME(a, b, hold_timeout_ms);
    SAME(a, b, since_us);
    SAME(a, b, is_held);
    SAME(a, b, held_epoch);
    SAME(a, b, held_us);
    SAME_TEXT(a, b, by);
    SAME_TEXT(a, b, note);
    SAME(a, b, move_count);
    for (size_t i = 0; i < a->move_count; i++) {
        SAME_TEXT(a, b, moves[i].role->name);
        same_set(a->moves[i].from, b->moves[i].from);
        same_set(a->moves[i].to, b->moves[i].to);
    }
}

static inline void
same_role(const struct core_role *a, const struct core_role *b)
{
    SAME_TEXT(a, b, name);
    SAME(a, b, epoch);
    SAME(a, b, set_count);
    for (size_t i = 0; i < a->set_count; i++) {
        same_set(a->sets[i], b->sets[i]);
    }
    same_set(a->live, b->live);
    same_set(a->previous, b->previous);
    SAME(a, b, previous_us);
    same_set(a->canary, b->canary);
    SAME(a, b, weight_bp);
    SAME(a, b, hold.is_on);
    SAME(a, b, hold.max_ms);
    SAME(a, b, hold.for_ms);
    SAME(a, b, hold.since_us);
    SAME(a, b, maintenance.is_on);
    SAME_TEXT(a, b, maintenance.message);
    SAME(a, b, maintenance.retry_after_s);
    same_operation(a->operation, b->operation);
    SAME(a, b, cutover_count);
    for (size_t i = 0; i < a->cutover_count; i++) {
        same_cutover(&a->cutovers[i], &b->cutovers[i]);
    }
}

static inline void
same_state(const struct core_state *a, const struct core_state *b)
{
    SAME_TEXT(a, b, cluster);
    SAME(a, b, epoch);
    SAME(a, b, role_count);
    SAME(a, b, operation_count);
    for (size_t i = 0; i < a->role_count; i++) {
        same_role(a->roles[i], b->roles[i]);
    }
    for (size_t i = 0; i < a->operation_count; i++) {
        same_operation(a->operations[i], b->operations[i]);
    }
}

#endif
