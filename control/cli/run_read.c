/* The commands that only look. */
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include "control/cli/answer.h"
#include "control/cli/call.h"
#include "control/cli/show.h"

static struct cli_page
read_page(const struct cli *cli)
{
    return (struct cli_page){.out = cli->out, .now_us = cli->now_us, .has_colour = cli->has_colour};
}

static int
read_out_of_memory(const struct cli *cli)
{
    cli_complain(cli, "out of memory");
    return CLI_EXIT_FAILED;
}

typedef bool (*read_show)(const struct cli_page *page, const json_t *answer);

/* One GET or POST whose answer is one object, shown as text or as it is. */
static int
read_object(struct cli *cli, const char *method, const char *path, read_show show)
{
    struct cli_call call;
    cli_call_init(&call, cli);
    if (path == NULL) {
        return read_out_of_memory(cli);
    }
    int code = cli_call_begin(&call, method, path, NULL, 0);
    json_t *answer = code == CLI_EXIT_DONE ? cli_call_object(&call, &code) : NULL;
    if (answer != NULL && cli->typed.is_json) {
        json_dumpf(answer, cli->out, JSON_COMPACT);
        fputc('\n', cli->out);
    } else if (answer != NULL) {
        struct cli_page page = read_page(cli);
        code = show(&page, answer) ? CLI_EXIT_DONE : read_out_of_memory(cli);
    }
    json_decref(answer);
    cli_call_fini(&call);
    return code;
}

int
cli_run_status(struct cli *cli)
{
    return read_object(cli, "GET", "/v1/status", cli_show_status);
}

int
cli_run_show(struct cli *cli)
{
    const char *name = cli->typed.arguments[0];
    const char *at = strchr(name, '@');
    char role[128];
    if (!span_to_string((struct span){name, at == NULL ? strlen(name) : (size_t)(at - name)}, role,
                        sizeof(role))) {
        cli_complain(cli, "%s: wanted ROLE, ROLE@BUILD or ROLE@BUILD#DIGEST", name);
        return CLI_EXIT_USAGE;
    }
    struct buf path;
    buf_init(&path);
    bool is_fine = buf_append_text(&path, "/v1/roles/") && cli_path_append(&path, role);
    if (at != NULL) {
        is_fine = is_fine && buf_append_text(&path, "/sets/") && cli_path_append(&path, at + 1);
    }
    int code = read_object(cli, "GET", is_fine ? buf_string(&path) : NULL,
                           at == NULL ? cli_show_role : cli_show_set);
    buf_fini(&path);
    return code;
}

int
cli_run_certificates_list(struct cli *cli)
{
    return read_object(cli, "GET", "/v1/certificates", cli_show_certificates);
}

static bool
read_show_reloaded(const struct cli_page *page, const json_t *answer)
{
    (void)answer;
    return fputs("the certificates in use are those of the files\n", page->out) >= 0;
}

int
cli_run_certificates_reload(struct cli *cli)
{
    return read_object(cli, "POST", "/v1/certificates/reload", read_show_reloaded);
}

/* A stream of events: each a line. */
static int
read_events(struct cli *cli, const char *path)
{
    struct cli_call call;
    cli_call_init(&call, cli);
    int code = cli_call_begin(&call, "GET", path, NULL, 0);
    struct cli_page page = read_page(cli);
    enum cli_http_result result = CLI_HTTP_OK;
    while (code == CLI_EXIT_DONE && result == CLI_HTTP_OK) {
        struct span line;
        result = cli_http_line(&call.http, &line, CLI_ANSWER_TIMEOUT_MS);
        json_t *event = result == CLI_HTTP_OK ? cli_answer_parse(line) : NULL;
        if (result == CLI_HTTP_OK && event == NULL) {
            result = CLI_HTTP_BAD;
        }
        if (event != NULL && cli_answer_text(event, "event")[0] != '\0') {
            if (cli->typed.is_json) {
                json_dumpf(event, cli->out, JSON_COMPACT);
                fputc('\n', cli->out);
            } else {
                cli_show_event(&page, event);
            }
            fflush(cli->out);
        }
        json_decref(event);
    }
    code = code == CLI_EXIT_DONE ? cli_call_lost(&call, result) : code;
    cli_call_fini(&call);
    return code;
}

int
cli_run_history(struct cli *cli)
{
    struct buf path;
    buf_init(&path);
    buf_append_text(&path, "/v1/history?limit=");
    buf_printf(&path, "%llu",
               (unsigned long long)(cli_has(cli, CLI_OPTION_LIMIT)
                                        ? cli->typed.numbers[CLI_OPTION_LIMIT]
                                        : 100));
    if (cli->typed.argument_count > 0) {
        buf_append_text(&path, "&role=");
        cli_path_append(&path, cli->typed.arguments[0]);
    }
    const char *text = buf_string(&path);
    int code = text == NULL ? read_out_of_memory(cli) : read_events(cli, text);
    buf_fini(&path);
    return code;
}

int
cli_run_events(struct cli *cli)
{
    char path[64] = "/v1/events";
    if (cli_has(cli, CLI_OPTION_AFTER)) {
        snprintf(path, sizeof(path), "/v1/events?after=%llu",
                 (unsigned long long)cli->typed.numbers[CLI_OPTION_AFTER]);
    }
    return read_events(cli, path);
}

/* What `wait` was asked for; false after a complaint. */
static bool
wait_check(const struct cli *cli)
{
    static const char *const states[] = {"ready", "live", "drained", "idle"};
    const char *state = cli->typed.arguments[1];
    bool is_idle = strcmp(state, "idle") == 0;
    bool is_known = false;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        is_known = is_known || strcmp(states[i], state) == 0;
    }
    if (!is_known) {
        cli_complain(cli,
                     "%s is not a state to wait for: ready, live or drained with a build, or idle",
                     state);
        return false;
    }
    if (is_idle != (cli->typed.argument_count == 2)) {
        cli_complain(cli, "`turnout wait ROLE %s` %s", state,
                     is_idle ? "takes no build" : "wants a build");
        return false;
    }
    return true;
}

int
cli_run_wait(struct cli *cli)
{
    if (!wait_check(cli)) {
        return CLI_EXIT_USAGE;
    }
    struct buf path;
    buf_init(&path);
    buf_append_text(&path, "/v1/roles/");
    cli_path_append(&path, cli->typed.arguments[0]);
    buf_printf(&path, "/wait?state=%s&timeout_ms=%llu", cli->typed.arguments[1],
               (unsigned long long)cli->typed.numbers[CLI_OPTION_TIMEOUT]);
    if (cli->typed.argument_count > 2) {
        buf_append_text(&path, "&set=");
        cli_path_append(&path, cli->typed.arguments[2]);
    }
    struct cli_call call;
    cli_call_init(&call, cli);
    call.is_change = true; /* it stands for what it waits for */
    cli_http_catch_signals();
    const char *text = buf_string(&path);
    int code = text == NULL ? read_out_of_memory(cli) : cli_call_begin(&call, "GET", text, NULL, 0);
    if (code == CLI_EXIT_DONE) {
        code = cli_call_follow(&call, 0);
    }
    cli_call_fini(&call);
    buf_fini(&path);
    return code;
}
