/*
 * follow: the answer to a command or a wait: refused, accepted, or a stream of steps up to the
 * result. Each takes the request over. Control thread only.
 */
#ifndef TURNOUT_API_FOLLOW_H
#define TURNOUT_API_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>
#include "control/core/command.h"
#include "control/drive/runner.h"

struct api;
struct request;

/* After a command that begins no cutover has ended well, the role's set is followed to `state`. */
struct follow_then {
    bool is_wanted;
    const char *step; /* what the end of the command is called then: "registered"; static storage */
    enum runner_wait state;
    uint64_t timeout_ms; /* of that wait, as runner_wait has it */
    const char *role;
    const char *build;
};

/* Hands a command to the runner and answers with what becomes of it; with `is_followed` false, as
 * soon as it is accepted. */
void follow_command(const struct request *request, const struct core_command *command,
                    uint64_t wait_ms, bool is_followed, const struct follow_then *then);

/* Answers with the steps of an operation. */
void follow_operation(const struct request *request, const char *id);

/* Answers when a role is in a state. */
void follow_wait(const struct request *request, const char *role, enum runner_wait state,
                 const char *build, uint64_t timeout_ms);

/* Frees all that are left, when the API stops. */
void follow_free_all(struct api *api);

#endif
