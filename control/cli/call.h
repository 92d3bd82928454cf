/*
 * call: one call of the API from the command line, its refusals said to the person, its outcome as
 * an exit code. One thread.
 */
#ifndef TURNOUT_CLI_CALL_H
#define TURNOUT_CLI_CALL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "control/cli/cli.h"
#include "control/cli/http.h"

struct cli_call {
    struct cli *cli;
    struct cli_http http;
    bool is_change;   /* what was sent may have begun something, whatever we hear of it */
    char resume[512]; /* the command that follows what goes on; "" for none */
};

/* How long an answer may take to begin, and a stream may be silent: it beats every 5 seconds. */
enum { CLI_ANSWER_TIMEOUT_MS = 20000 };

void cli_call_init(struct cli_call *call, struct cli *cli);
void cli_call_fini(struct cli_call *call);

/* Says one thing to the person: "turnout: ...". */
void cli_complain(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sends a request and takes the answer's head. CLI_EXIT_DONE for a status below 400; else
 * everything has been said and the exit code is given. `wait_ms` is time that the daemon may take
 * more. */
int cli_call_begin(struct cli_call *call, const char *method, const char *path, const char *body,
                   uint64_t wait_ms);

/* The whole answer as an object; NULL and *code when there is none. The caller owns it. */
json_t *cli_call_object(struct cli_call *call, int *code);

/* Follows an operation's stream to its end; the exit code. With a limit above 0, no longer than
 * that. */
int cli_call_follow(struct cli_call *call, uint64_t limit_ms);

/* What the end of a connection means. Says it, and gives the exit code. */
int cli_call_lost(struct cli_call *call, enum cli_http_result result);

/* The exit code of a status from 400 on. */
int cli_exit_of_status(unsigned status);

/* The exit code of a stream's "result". */
int cli_exit_of_result(const char *result);

/* Appends text to a path or query with everything but unreserved characters escaped. */
bool cli_path_append(struct buf *path, const char *text);

#endif
