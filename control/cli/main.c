/* turnout: the command line of turnoutd. */
#include <stdlib.h>
#include <unistd.h>
#include "control/cli/cli.h"
#include "proxy/base/clock.h"

static const char *
main_variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

int
main(int argc, char **argv)
{
    static struct cli cli;
    cli.out = stdout;
    cli.err = stderr;
    cli.now_us = clock_wall_us();
    cli.sudo_user = main_variable("SUDO_USER");
    cli.has_colour = isatty(STDOUT_FILENO) == 1 && main_variable("NO_COLOR")[0] == '\0';
    int code = cli_run(&cli, (const char *const *)argv + 1, argc > 0 ? (size_t)argc - 1 : 0,
                       main_variable("TURNOUT_SOCKET"));
    if (fflush(stdout) != 0 && code == CLI_EXIT_DONE) {
        code = CLI_EXIT_FAILED;
    }
    return code;
}
