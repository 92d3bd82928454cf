/* docs/commands.md and the completion of the shell, from the same table as the parser. */
#include "control/cli/command.h"

#include <string.h>

static const char document_head[] =
    "# Commands\n\n"
    "This page is made from the table of commands (`control/cli/commands.def`) by `turnout help "
    "markdown`; a test compares them.\n\n"
    "    turnout [-s SOCKET] [--json] COMMAND [ARGUMENT]... [OPTION]...\n\n"
    "The socket is `-s`, else the environment's `TURNOUT_SOCKET`, else "
    "`/run/turnout/control.sock`. Results go to standard output, "
    "with `--json` one JSON object a line; each step of an operation is a plain line on standard "
    "error. Colour is for terminals "
    "only, and never with `NO_COLOR` set.\n\n"
    "A set is named by its build, `v42`, or, where a build has named several sets one after the "
    "other, by `v42#1f3a9c02`. "
    "Durations are `250ms`, `5s`, `10m`, `1h`, or a plain number of seconds.\n\n"
    "| exit code | meaning |\n| --- | --- |\n"
    "| 0 | done |\n"
    "| 1 | failed, and what was live before is live now; or superseded by another command |\n"
    "| 2 | usage: the command line cannot be meant so |\n"
    "| 3 | refused before anything began |\n"
    "| 4 | outcome unknown: timed out, interrupted or the connection was lost while it goes on; "
    "`turnout wait` picks it up |\n"
    "| 5 | done in part: committed, but requests were cut |\n"
    "| 6 | turnoutd cannot be reached; nothing was sent |\n\n";

static bool
document_command(const struct cli_command *command, struct buf *out)
{
    bool is_fine =
        buf_printf(out, "## %s\n\n    ", command->typed) && cli_usage(command, out) &&
        buf_printf(out, "\n\n%c%s.%s%s\n", command->summary[0] & ~0x20, command->summary + 1,
                   command->help[0] == '\0' ? "" : " ", command->help);
    if (command->options == 0) {
        return is_fine && buf_append_text(out, "\n");
    }
    is_fine = is_fine && buf_append_text(out, "\n| option | does |\n| --- | --- |\n");
    for (unsigned i = 0; i < CLI_OPTION_COUNT && is_fine; i++) {
        const struct cli_option_facts *option = cli_option_at((enum cli_option)i);
        if ((command->options & (1U << i)) != 0) {
            is_fine = buf_printf(out, "| `--%s%s%s` | %s |\n", option->typed,
                                 option->value[0] == '\0' ? "" : " ", option->value, option->help);
        }
    }
    return is_fine && buf_append_text(out, "\n");
}

static bool
document_later(struct buf *out)
{
    bool is_fine = buf_append_text(
        out, "## Names kept free\n\nThese say that they are not built yet, and exit 2:\n\n");
    for (unsigned i = 0; i < CLI_COMMAND_COUNT && is_fine; i++) {
        const struct cli_command *command = cli_command_at((enum cli_command_id)i);
        if (command->is_later) {
            is_fine = buf_printf(out, "- `%s%s%s`: %s\n", command->typed,
                                 command->arguments[0] == '\0' ? "" : " ", command->arguments,
                                 command->summary);
        }
    }
    return is_fine;
}

bool
cli_document(struct buf *out)
{
    bool is_fine = buf_append_text(out, document_head);
    for (unsigned i = 0; i < CLI_COMMAND_COUNT && is_fine; i++) {
        const struct cli_command *command = cli_command_at((enum cli_command_id)i);
        is_fine = command->is_later || document_command(command, out);
    }
    return is_fine && document_later(out);
}

/* The first words of commands, or the second words behind one of them. */
static bool
complete_words(struct buf *out, const char *first)
{
    const char *last = "";
    bool is_fine = true;
    for (unsigned i = 0; i < CLI_COMMAND_COUNT && is_fine; i++) {
        const struct cli_command *command = cli_command_at((enum cli_command_id)i);
        size_t size = strcspn(command->typed, " ");
        bool is_same = strlen(last) >= size && strncmp(last, command->typed, size) == 0 &&
                       (last[size] == ' ' || last[size] == '\0');
        if (first == NULL && !command->is_later && !is_same) {
            is_fine = buf_append_text(out, " ") && buf_append(out, command->typed, size);
            last = command->typed;
        }
        if (first != NULL && !command->is_later && command->typed[size] == ' ' &&
            strlen(first) == size && strncmp(first, command->typed, size) == 0) {
            is_fine = buf_append_text(out, command->typed + size);
        }
    }
    return is_fine;
}

static bool
complete_options(struct buf *out)
{
    bool is_fine = true;
    for (unsigned i = 0; i < CLI_COMMAND_COUNT && is_fine; i++) {
        const struct cli_command *command = cli_command_at((enum cli_command_id)i);
        if (command->is_later) {
            continue;
        }
        is_fine = buf_printf(out, "        '%s'*) options='--help --json", command->typed);
        for (unsigned o = 0; o < CLI_OPTION_COUNT && is_fine; o++) {
            if ((command->options & (1U << o)) != 0) {
                is_fine = buf_printf(out, " --%s", cli_option_at((enum cli_option)o)->typed);
            }
        }
        is_fine = is_fine && buf_append_text(out, "' ;;\n");
    }
    return is_fine;
}

bool
cli_complete(struct buf *out)
{
    return buf_append_text(out, "_turnout()\n{\n"
                                "    local word=${COMP_WORDS[COMP_CWORD]} "
                                "typed=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\" options=\n"
                                "    case \"$typed\" in\n        '') options='") &&
           complete_words(out, NULL) &&
           buf_append_text(out, " -s --json --help --version' ;;\n        set) options='") &&
           complete_words(out, "set") &&
           buf_append_text(out, "' ;;\n        certificates) options='") &&
           complete_words(out, "certificates") && buf_append_text(out, "' ;;\n") &&
           complete_options(out) &&
           buf_append_text(
               out,
               "    esac\n    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n}\n"
               "complete -F _turnout turnout\n");
}
