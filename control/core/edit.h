/*
 * edit: how apply and snapshot change a state. Private to the core. What allocates does so before
 * it changes anything, so that a failure leaves the state as it was.
 */
#ifndef TURNOUT_CORE_EDIT_H
#define TURNOUT_CORE_EDIT_H

#include "control/core/state.h"

enum { EDIT_ROLES_MAX = 4096 };

/* Finds or adds a role. NULL when out of memory or above EDIT_ROLES_MAX. */
struct core_role *edit_role_ensure(struct core_state *state, const char *name);

/* Adds a set of build, digest and addresses; REGISTERED, everything else zero. */
struct core_set *edit_set_add(struct core_role *role, const struct core_event *event);

/* Gives a set its status at this event. */
void edit_set_status(struct core_set *set, enum core_status status, const struct core_event *event,
                     uint64_t epoch, uint64_t seen_ms);

/* Forgets the oldest retired and failed sets above CORE_FINISHED_MAX. */
void edit_role_prune(struct core_role *role);

/* Takes the canary's share away. */
void edit_role_unweigh(struct core_role *role);

/* Adds an operation, filled in from the event's fields; its moves are those of the event, which
 * must name known roles and sets. NULL when out of memory. */
struct core_operation *edit_operation_add(struct core_state *state, const struct core_event *event,
                                          uint64_t id, uint64_t seen_ms);

/* Ends it: its roles have none any more, its memory is gone. */
void edit_operation_remove(struct core_state *state, struct core_operation *operation);

/* A new newest entry of the role's ended cutovers, all zero; the oldest is forgotten. */
struct core_cutover *edit_cutover_add(struct core_role *role);

/* The mutable entry, or NULL. */
struct core_cutover *edit_cutover_find(struct core_role *role, uint64_t id);

/* Number of sets that are neither retired nor failed. */
size_t edit_role_kept(const struct core_role *role);

/* Applies a snapshot.* event. */
enum err edit_restore(struct core_state *state, const struct core_event *event, uint64_t seen_ms);

/* Whether one is well formed and its parts are there. */
enum err edit_restore_check(const struct core_state *state, const struct core_event *event);

/* A set.registered, or a snapshot.set: names, addresses, digest. */
enum err edit_check_set(const struct core_event *event);

/* Kind, order and moves of a cutover.begin, cutover.switch or snapshot.operation: known and free of
 * each other. */
enum err edit_check_moves(const struct core_state *state, const struct core_event *event);

#endif
