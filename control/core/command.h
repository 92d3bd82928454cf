/*
 * command: what an operator asks for, judged by the state and what is seen: refused with a named
 * reason, true already, or the events to append. Pure; control's thread; the command is the
 * caller's, the outcome the caller's to fini.
 */
#ifndef TURNOUT_CORE_COMMAND_H
#define TURNOUT_CORE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "control/core/event.h"
#include "control/core/observe.h"
#include "control/core/settings.h"
#include "control/core/state.h"

enum core_command_kind {
#define COMMAND(name, text, meaning) CORE_COMMAND_##name,
#include "control/core/commands.def"
#undef COMMAND
    CORE_COMMAND_COUNT
};

enum core_refusal {
#define REFUSAL(name, text, exit_code, http_status, meaning) CORE_REFUSAL_##name,
#include "control/core/refusals.def"
#undef REFUSAL
    CORE_REFUSAL_COUNT
};

enum { CORE_HOLD_FOR_DEFAULT_MS = 60000, CORE_WEIGHT_MAX_BP = 10000 };

struct core_command {
    enum core_command_kind kind;
    const char *role;
    const char
        *build; /* BUILD or BUILD#DIGEST; NULL where none is given (rollback: the previous) */
    const struct core_command_move {
        const char *role;
        const char *build;
    } * moves; /* cutover: further roles, moved with the first as one; else NULL */
    size_t move_count;
    const char *const *addresses; /* deploy, set add */
    size_t address_count;
    const char *by;      /* never NULL */
    const char *claimed; /* for whom, as the client says; NULL: nobody else */
    const char *note;    /* NULL: none */
    bool has_expect_epoch;
    uint64_t expect_epoch; /* refused when the role's last event is later */
    bool is_forced;        /* rollback: whatever its health or mark; drain: even the live set */
    bool has_order;
    enum table_order order;
    uint64_t ready_timeout_ms; /* 0: the role's */
    uint64_t drain_timeout_ms; /* 0: the role's */
    uint64_t weight_bp;
    uint64_t hold_max_ms; /* 0: the role's hold_max */
    uint64_t hold_for_ms; /* 0: CORE_HOLD_FOR_DEFAULT_MS */
    const char *message;  /* maintenance; NULL: none */
    uint64_t retry_after_s;
};

enum core_answer {
    CORE_ANSWER_REFUSED, /* refusal and text say why; nothing is to be appended */
    CORE_ANSWER_ALREADY, /* it is so already; text says how; nothing is to be appended */
    CORE_ANSWER_APPEND   /* events are to be appended and applied, in this order, then decide */
};

enum { CORE_OUTCOME_EVENTS_MAX = 4 };

struct core_outcome {
    enum core_answer answer;
    enum core_refusal refusal;     /* of CORE_ANSWER_REFUSED */
    char text[2 * CORE_TEXT_SIZE]; /* one line for the operator: what was found, what to do */
    uint64_t busy_with;            /* the operation's id for CORE_REFUSAL_BUSY, else 0 */
    struct digest set;             /* the set that it is about, or none */
    /* What to append. A cutover.begin or cutover.switch among them names the operation: its epoch
     * is the id. */
    struct core_event events[CORE_OUTCOME_EVENTS_MAX];
    size_t event_count;
};

/* Judges a command. Events carry `wall_us` as their time. The caller fini's *out in any case. */
void core_command(const struct core_state *state, const struct core_settings *settings,
                  const struct core_observations *observations, uint64_t wall_us,
                  const struct core_command *command, struct core_outcome *out);
void core_outcome_fini(struct core_outcome *outcome);

/* Columns of refusals.def. Static storage. */
const char *core_refusal_name(enum core_refusal refusal);
int core_refusal_exit_code(enum core_refusal refusal);
int core_refusal_http_status(enum core_refusal refusal);
const char *core_refusal_meaning(enum core_refusal refusal);

const char *core_command_name(enum core_command_kind kind);

#endif
