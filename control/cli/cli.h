/*
 * cli: one run of `turnout`: what was typed, where to write, and the exit codes that scripts rely
 * on. One thread.
 */
#ifndef TURNOUT_CLI_CLI_H
#define TURNOUT_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "control/cli/command.h"
#include "proxy/base/buf.h"

#define CLI_SOCKET_DEFAULT "/run/turnout/control.sock"

enum cli_exit {
    CLI_EXIT_DONE = 0,
    CLI_EXIT_FAILED = 1, /* what was live before is live now */
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_REFUSED = 3,     /* before anything began */
    CLI_EXIT_UNKNOWN = 4,     /* it may go on */
    CLI_EXIT_PARTIAL = 5,     /* committed, but requests were cut or a member lags */
    CLI_EXIT_UNREACHABLE = 6, /* nothing was sent */
};

enum { CLI_ARGUMENTS_MAX = 512 };

/* What was typed. Strings belong to argv. */
struct cli_typed {
    const struct cli_command *command; /* NULL: --version, --help or nothing */
    const char *arguments[CLI_ARGUMENTS_MAX];
    size_t argument_count;
    const char *texts[CLI_OPTION_COUNT]; /* NULL: not given */
    uint64_t numbers[CLI_OPTION_COUNT];  /* milliseconds of a duration, or the number */
    const char *socket;                  /* NULL: not given */
    bool is_json;
    bool wants_help;
    bool wants_version;
};

struct cli {
    struct cli_typed typed;
    const char *socket;
    const char *sudo_user; /* "" for none */
    FILE *out;
    FILE *err;
    uint64_t now_us; /* wall time, for ages */
    bool has_colour; /* of out */
};

static inline bool
cli_has(const struct cli *cli, enum cli_option option)
{
    return cli->typed.texts[option] != NULL;
}

/* Reads the words after the program's name. False and one sentence in `error` for what cannot be
 * meant so. */
bool cli_parse(const char *const *words, size_t count, struct cli_typed *out, struct buf *error);

/* Runs what was typed; `cli` has its outputs, the time and the environment filled in. The exit
 * code.
 */
int cli_run(struct cli *cli, const char *const *words, size_t count, const char *socket_variable);

/* The functions of commands.def; each gives the exit code. */
#define CLI_COMMAND(name, typed, arguments, options, run, summary, help)                           \
    int cli_run_##run(struct cli *cli);
#include "control/cli/commands.def"
#undef CLI_COMMAND

#endif
