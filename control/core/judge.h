/*
 * judge: what the judges of single commands share. Private to the core.
 */
#ifndef TURNOUT_CORE_JUDGE_H
#define TURNOUT_CORE_JUDGE_H

#include "control/core/command.h"

/* One command under judgement. */
struct judge {
    const struct core_state *state;
    const struct core_settings *settings;
    const struct core_observations *observations;
    const struct core_command *command;
    uint64_t wall_us;
    const struct core_role_settings *role_settings; /* of the command's role */
    const struct core_role *role;                   /* NULL: no event named it yet */
    struct core_outcome *out;
};

/* The outcome becomes a refusal; `format` says what was found, the refusal's meaning what to do.
 * False, for the caller to return. */
bool judge_refuse(const struct judge *judge, enum core_refusal refusal, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The outcome becomes "it is so already". False, likewise. */
bool judge_already(const struct judge *judge, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One more event to append, by the command's actor, of its role, at its time. The text says what
 * will have happened. */
struct core_event *judge_append(const struct judge *judge, enum core_event_kind kind);
void judge_say(const struct judge *judge, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Finds a kept or remembered set of a role; refuses and returns NULL otherwise. */
const struct core_set *judge_set(const struct judge *judge, const struct core_role *role,
                                 const char *name);

/* Refuses when the role has an operation. */
bool judge_is_free(const struct judge *judge, const struct core_role *role);

/* Refuses unless every instance of the set is ready. */
bool judge_is_ready(const struct judge *judge, const struct core_set *set);

/* Refuses when a set other than this one has a share of the role's traffic. */
bool judge_has_no_canary_but(const struct judge *judge, const struct core_role *role,
                             const struct core_set *set);

/* Refuses, and returns true, when a move in this order would be away from two sets at once, which
 * could not be exclusive. */
bool judge_is_shared(const struct judge *judge, const struct core_role *role,
                     enum table_order order);

/* Whether the running operation of the set's role moves from or to it. */
bool judge_is_moved(const struct core_set *set);

/* A role's settings; refuses when it is not configured. */
const struct core_role_settings *judge_settings(const struct judge *judge, const char *role);

/* Begins an operation with one move, of timeouts and force as the command says: by a cutover.begin,
 * or by a cutover.switch where nothing is to be waited for. The sets must be judged before. */
void judge_begin(const struct judge *judge, enum core_kind kind, enum table_order order,
                 const struct core_role *role, const struct digest *to);

/* One for each command; the outcome is refused, already or the events. */
void judge_deploy(const struct judge *judge);
void judge_set_add(const struct judge *judge);
void judge_set_remove(const struct judge *judge);
void judge_drain(const struct judge *judge);
void judge_cutover(const struct judge *judge);
void judge_rollback(const struct judge *judge);
void judge_abort(const struct judge *judge);
void judge_weight(const struct judge *judge);
void judge_hold(const struct judge *judge);
void judge_resume(const struct judge *judge);
void judge_maintenance(const struct judge *judge);

#endif
