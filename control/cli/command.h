/*
 * command: the table of commands and options (commands.def, options.def), and what is made from it:
 * help, documentation, completion. Static storage, any thread.
 */
#ifndef TURNOUT_CLI_COMMAND_H
#define TURNOUT_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proxy/base/buf.h"

struct cli;

enum cli_option_kind { CLI_KIND_FLAG, CLI_KIND_DURATION, CLI_KIND_TEXT, CLI_KIND_NUMBER };

enum cli_option {
#define CLI_OPTION(name, typed, kind, value, help) CLI_OPTION_##name,
#include "control/cli/options.def"
#undef CLI_OPTION
    CLI_OPTION_COUNT
};

enum cli_command_id {
#define CLI_COMMAND(name, typed, arguments, options, run, summary, help) CLI_COMMAND_##name,
#include "control/cli/commands.def"
#undef CLI_COMMAND
    CLI_COMMAND_COUNT
};

struct cli_option_facts {
    const char *typed; /* without the dashes */
    enum cli_option_kind kind;
    const char *value; /* what help calls its value */
    const char *help;
};

struct cli_command {
    const char *typed;     /* "set add" */
    const char *arguments; /* "ROLE BUILD ADDR..." */
    uint32_t options;      /* bits 1 << enum cli_option */
    bool is_later;         /* the name is kept free */
    int (*run)(struct cli *cli);
    const char *summary;
    const char *help;
};

const struct cli_command *cli_command_at(enum cli_command_id id);
const struct cli_option_facts *cli_option_at(enum cli_option option);

/* The command that begins at words[0]; *used says how many words its name has. NULL if there is
 * none. */
const struct cli_command *cli_command_find(const char *const *words, size_t count, size_t *used);

/* The nearest known name to a mistyped one, or NULL when none is near. */
const char *cli_command_nearest(const char *word);

/* How many arguments a command takes; SIZE_MAX for no upper limit. */
void cli_command_arity(const struct cli_command *command, size_t *least, size_t *most);

/* Texts made from the table; false when out of memory. */
bool cli_help_all(struct buf *out);
bool cli_help_command(const struct cli_command *command, struct buf *out);
bool cli_usage(const struct cli_command *command, struct buf *out);
bool cli_document(struct buf *out);
bool cli_complete(struct buf *out);

#endif
