#include <stdlib.h>
#include <string.h>
#include "control/cli/call.h"
#include "control/cli/cli.h"

int
cli_run(struct cli *cli, const char *const *words, size_t count, const char *socket_variable)
{
    struct buf error;
    buf_init(&error);
    bool is_fine = cli_parse(words, count, &cli->typed, &error);
    if (!is_fine) {
        const char *text = buf_string(&error);
        cli_complain(cli, "%s", text == NULL ? "out of memory" : text);
    }
    buf_fini(&error);
    if (!is_fine) {
        return CLI_EXIT_USAGE;
    }
    if (cli->typed.wants_version) {
        fputs("turnout " TURNOUT_VERSION "\n", cli->out);
        return CLI_EXIT_DONE;
    }
    if (cli->typed.wants_help) {
        return cli_run_help(cli);
    }
    if (cli->typed.command == NULL) {
        cli_complain(cli, "no command is given; `turnout --help` lists them");
        return CLI_EXIT_USAGE;
    }
    bool has_variable = socket_variable != NULL && socket_variable[0] != '\0';
    cli->socket = cli->typed.socket != NULL ? cli->typed.socket
                  : has_variable            ? socket_variable
                                            : CLI_SOCKET_DEFAULT;
    return cli->typed.command->run(cli);
}
