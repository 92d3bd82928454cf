#include "control/cli/command.h"

#include <string.h>
#include "control/cli/cli.h"

enum { HELP_WIDTH = 96, HELP_COLUMN = 34 };

/* Appends text as lines of at most HELP_WIDTH, each indented. */
static bool
help_wrap(struct buf *out, const char *text, size_t indent)
{
    size_t column = HELP_WIDTH + 1;
    bool is_fine = true;
    while (*text != '\0' && is_fine) {
        size_t size = strcspn(text, " ");
        if (column + 1 + size > HELP_WIDTH) {
            is_fine =
                buf_printf(out, "%s%*s", column > HELP_WIDTH && buf_size(out) == 0 ? "" : "\n",
                           (int)indent, "");
            column = indent;
        } else {
            is_fine = buf_append_text(out, " ");
            column++;
        }
        is_fine = is_fine && buf_append(out, text, size);
        column += size;
        text += size;
        text += strspn(text, " ");
    }
    return is_fine && buf_append_text(out, "\n");
}

static bool
help_option(struct buf *out, const char *typed, const char *value, const char *help)
{
    char name[64];
    snprintf(name, sizeof(name), "%s%s%s", typed, value[0] == '\0' ? "" : " ", value);
    return buf_printf(out, "  %-22s %s\n", name, help);
}

static bool
help_global_options(struct buf *out)
{
    return help_option(out, "-s", "SOCKET",
                       "the control socket; else TURNOUT_SOCKET, else " CLI_SOCKET_DEFAULT) &&
           help_option(out, "--json", "", "results as JSON, one object a line") &&
           help_option(out, "--help", "", "this, or the help of a command") &&
           help_option(out, "--version", "", "the version");
}

bool
cli_help_all(struct buf *out)
{
    bool is_fine = buf_append_text(
        out, "Usage: turnout [-s SOCKET] [--json] COMMAND [ARGUMENT]... [OPTION]...\n\n"
             "Moves the traffic of a role from one set of instances to another.\n\nCommands:\n");
    for (unsigned i = 0; i < CLI_COMMAND_COUNT && is_fine; i++) {
        const struct cli_command *command = cli_command_at((enum cli_command_id)i);
        char name[96];
        snprintf(name, sizeof(name), "%s %s", command->typed, command->arguments);
        is_fine = command->is_later ||
                  buf_printf(out, "  %-*s %s\n", HELP_COLUMN, name, command->summary);
    }
    return is_fine && buf_append_text(out, "\nOptions:\n") && help_global_options(out) &&
           buf_append_text(
               out,
               "\nExit codes: 0 done, 1 failed and nothing changed, 2 usage, 3 refused, 4 outcome "
               "unknown,\n"
               "5 done in part, 6 cannot reach turnoutd. `turnout COMMAND --help` says more.\n");
}

bool
cli_usage(const struct cli_command *command, struct buf *out)
{
    bool is_fine = buf_printf(out, "turnout %s%s%s", command->typed,
                              command->arguments[0] == '\0' ? "" : " ", command->arguments);
    for (unsigned i = 0; i < CLI_OPTION_COUNT && is_fine; i++) {
        if ((command->options & (1U << i)) != 0) {
            const struct cli_option_facts *option = cli_option_at((enum cli_option)i);
            is_fine = buf_printf(out, " [--%s%s%s]", option->typed,
                                 option->value[0] == '\0' ? "" : " ", option->value);
        }
    }
    return is_fine;
}

static bool
help_command_options(const struct cli_command *command, struct buf *out)
{
    bool is_fine = buf_append_text(out, "\nOptions:\n");
    for (unsigned i = 0; i < CLI_OPTION_COUNT && is_fine; i++) {
        if ((command->options & (1U << i)) != 0) {
            const struct cli_option_facts *option = cli_option_at((enum cli_option)i);
            char typed[32];
            snprintf(typed, sizeof(typed), "--%s", option->typed);
            is_fine = help_option(out, typed, option->value, option->help);
        }
    }
    return is_fine;
}

bool
cli_help_command(const struct cli_command *command, struct buf *out)
{
    bool is_fine = buf_append_text(out, "Usage: ") && cli_usage(command, out) &&
                   buf_append_text(out, "\n") && help_wrap(out, command->summary, 0);
    if (command->is_later) {
        return is_fine && buf_append_text(out, "\nNot in this version yet.\n");
    }
    if (command->help[0] != '\0') {
        is_fine = is_fine && help_wrap(out, command->help, 0);
    }
    return is_fine && (command->options == 0 || help_command_options(command, out));
}
