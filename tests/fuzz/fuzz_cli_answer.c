/* Whatever answers on the control socket: the command line follows it to an exit code, and shows it
 * as text. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "control/cli/answer.h"
#include "control/cli/call.h"
#include "control/cli/show.h"
#include "proxy/base/check.h"

static void
follow(struct cli *cli, struct span bytes)
{
    struct cli_call call;
    cli_call_init(&call, cli);
    call.is_change = true;
    CHECK(cli_http_feed(&call.http, bytes));
    enum cli_http_result result = cli_http_head(&call.http, 1);
    int code = result == CLI_HTTP_OK ? cli_call_follow(&call, 0) : cli_call_lost(&call, result);
    CHECK(code >= CLI_EXIT_DONE && code <= CLI_EXIT_UNREACHABLE);
    cli_call_fini(&call);
}

/* The same bytes as if they were the JSON of each answer. */
static void
show(FILE *out, struct span bytes)
{
    const struct cli_page page = {.out = out, .now_us = 1795176000000000};
    json_t *answer = cli_answer_parse(bytes);
    if (answer != NULL) {
        cli_show_status(&page, answer);
        cli_show_role(&page, answer);
        cli_show_set(&page, answer);
        cli_show_event(&page, answer);
        cli_show_certificates(&page, answer);
    }
    json_decref(answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cli cli;
    struct span bytes = {(const char *)data, size};
    if (cli.out == NULL) {
        cli.out = cli.err = fopen("/dev/null", "w");
        CHECK(cli.out != NULL);
    }
    follow(&cli, bytes);
    show(cli.out, bytes);
    return 0;
}
