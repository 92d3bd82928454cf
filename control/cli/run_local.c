/* The commands that need no daemon. */
#include <string.h>
#include "control/cli/call.h"
#include "control/cli/cli.h"

int
cli_run_later(struct cli *cli)
{
    cli_complain(cli, "`turnout %s` is not built yet; the name is kept for it",
                 cli->typed.command->typed);
    return CLI_EXIT_USAGE;
}

static int
local_print(struct cli *cli, struct buf *text, bool is_fine)
{
    const char *string = is_fine ? buf_string(text) : NULL;
    fputs(string == NULL ? "" : string, string == NULL ? cli->err : cli->out);
    buf_fini(text);
    if (string == NULL) {
        cli_complain(cli, "out of memory");
        return CLI_EXIT_FAILED;
    }
    return CLI_EXIT_DONE;
}

int
cli_run_completion(struct cli *cli)
{
    struct buf text;
    buf_init(&text);
    return local_print(cli, &text, cli_complete(&text));
}

int
cli_run_help(struct cli *cli)
{
    const struct cli_typed *typed = &cli->typed;
    struct buf text;
    size_t used = 0;
    buf_init(&text);
    if (typed->command == NULL ||
        (typed->command->run == cli_run_help && typed->argument_count == 0)) {
        return local_print(cli, &text, cli_help_all(&text));
    }
    if (typed->command->run != cli_run_help) {
        return local_print(cli, &text, cli_help_command(typed->command, &text));
    }
    if (strcmp(typed->arguments[0], "markdown") == 0) {
        return local_print(cli, &text, cli_document(&text));
    }
    const struct cli_command *command =
        cli_command_find(typed->arguments, typed->argument_count, &used);
    if (command == NULL) {
        cli_complain(cli, "unknown command \"%s\"; `turnout --help` lists them",
                     typed->arguments[0]);
        return CLI_EXIT_USAGE;
    }
    return local_print(cli, &text, cli_help_command(command, &text));
}
