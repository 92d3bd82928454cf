/* The commands that change something: each makes one request and follows it. */
#include <string.h>
#include <jansson.h>
#include "control/cli/answer.h"
#include "control/cli/call.h"
#include "control/cli/values.h"

/* A change being put together. */
struct change {
    struct cli *cli;
    json_t *body;
    struct buf path;
    struct cli_call call;
    uint64_t limit_ms; /* how long to follow it; 0: to the end */
};

static void
change_init(struct change *change, struct cli *cli, const char *path_format, const char *verb)
{
    *change = (struct change){.cli = cli, .body = json_object()};
    buf_init(&change->path);
    cli_call_init(&change->call, cli);
    change->call.is_change = true;
    buf_append_text(&change->path, path_format);
    if (verb != NULL) {
        cli_path_append(&change->path, cli->typed.arguments[0]);
        buf_printf(&change->path, "/%s", verb);
    }
}

static void
change_set_text(struct change *change, const char *key, const char *text)
{
    /* Arguments may hold bytes that are not UTF-8, which JSON cannot: they are refused by name. */
    if (text != NULL && json_object_set_new(change->body, key, json_string(text)) != 0) {
        json_object_set_new(change->body, key, json_null());
    }
}

static void
change_set_number(struct change *change, const char *key, uint64_t number)
{
    json_object_set_new(change->body, key, json_integer((json_int_t)number));
}

/* A number from an option, where it was given. */
static void
change_set_option(struct change *change, const char *key, enum cli_option option)
{
    if (cli_has(change->cli, option)) {
        change_set_number(change, key, change->cli->typed.numbers[option]);
    }
}

/* What every change says. */
static void
change_set_common(struct change *change)
{
    const struct cli *cli = change->cli;
    change_set_text(change, "note", cli->typed.texts[CLI_OPTION_NOTE]);
    if (cli->sudo_user[0] != '\0') {
        change_set_text(change, "claimed_by", cli->sudo_user);
    }
    change_set_option(change, "expect_epoch", CLI_OPTION_EXPECT_EPOCH);
    change_set_option(change, "wait_ms", CLI_OPTION_WAIT);
    change_set_text(change, "order", cli->typed.texts[CLI_OPTION_ORDER]);
    if (cli_has(cli, CLI_OPTION_FORCE)) {
        json_object_set_new(change->body, "force", json_true());
    }
    if (cli_has(cli, CLI_OPTION_NO_WAIT)) {
        json_object_set_new(change->body, "follow", json_false());
    }
}

/* The answer to a change that is not followed: its id. */
static int
change_accepted(struct change *change)
{
    int code = CLI_EXIT_DONE;
    json_t *answer = cli_call_object(&change->call, &code);
    if (answer != NULL && change->cli->typed.is_json) {
        json_dumpf(answer, change->cli->out, JSON_COMPACT);
        fputc('\n', change->cli->out);
    } else if (answer != NULL) {
        fprintf(change->cli->out, "%s\n", cli_answer_text(answer, "operation"));
    }
    json_decref(answer);
    return code;
}

/* Sends it, follows it, frees it. */
static int
change_run(struct change *change)
{
    int code = CLI_EXIT_FAILED;
    change_set_common(change);
    char *body = json_dumps(change->body, JSON_COMPACT);
    const char *path = buf_string(&change->path);
    if (body == NULL || path == NULL) {
        cli_complain(change->cli, "out of memory; nothing was sent");
    } else {
        cli_http_catch_signals();
        code = cli_call_begin(&change->call, "POST", path, body,
                              change->cli->typed.numbers[CLI_OPTION_WAIT]);
        if (code == CLI_EXIT_DONE && change->call.http.status == 202) {
            code = change_accepted(change);
        } else if (code == CLI_EXIT_DONE) {
            code = cli_call_follow(&change->call, change->limit_ms);
        }
    }
    free(body);
    json_decref(change->body);
    buf_fini(&change->path);
    cli_call_fini(&change->call);
    return code;
}

static void
change_set_resume(struct change *change, const char *state)
{
    const struct cli_typed *typed = &change->cli->typed;
    bool has_build = strcmp(state, "idle") != 0;
    snprintf(change->call.resume, sizeof(change->call.resume), "turnout wait %.64s %s%s%.200s",
             typed->arguments[0], state, has_build ? " " : "",
             has_build ? typed->arguments[1] : "");
}

/* The addresses from the third argument on, each resolved. False after a complaint. */
static bool
change_set_addresses(struct change *change)
{
    json_t *list = json_array();
    json_object_set_new(change->body, "addresses", list);
    struct buf error;
    buf_init(&error);
    bool is_fine = true;
    for (size_t i = 2; i < change->cli->typed.argument_count && is_fine; i++) {
        char address[ADDRESS_TEXT_SIZE];
        is_fine = cli_resolve(change->cli->typed.arguments[i], address, &error);
        if (is_fine) {
            json_array_append_new(list, json_string(address));
        }
    }
    if (!is_fine) {
        const char *text = buf_string(&error);
        cli_complain(change->cli, "%s", text == NULL ? "out of memory" : text);
    }
    buf_fini(&error);
    return is_fine;
}

/* Gives up before anything is sent. */
static int
change_drop(struct change *change)
{
    json_decref(change->body);
    buf_fini(&change->path);
    cli_call_fini(&change->call);
    return CLI_EXIT_USAGE;
}

int
cli_run_deploy(struct cli *cli)
{
    struct change change;
    change_init(&change, cli, "/v1/roles/", "deploy");
    change_set_text(&change, "build", cli->typed.arguments[1]);
    change_set_option(&change, "ready_timeout_ms", CLI_OPTION_TIMEOUT);
    change_set_resume(&change, "live");
    return change_set_addresses(&change) ? change_run(&change) : change_drop(&change);
}

int
cli_run_set_add(struct cli *cli)
{
    struct change change;
    change_init(&change, cli, "/v1/roles/", "set-add");
    change_set_text(&change, "build", cli->typed.arguments[1]);
    change_set_option(&change, "ready_timeout_ms", CLI_OPTION_TIMEOUT);
    change_set_resume(&change, "ready");
    return change_set_addresses(&change) ? change_run(&change) : change_drop(&change);
}

int
cli_run_set_remove(struct cli *cli)
{
    struct change change;
    change_init(&change, cli, "/v1/roles/", "set-remove");
    change_set_text(&change, "set", cli->typed.arguments[1]);
    return change_run(&change);
}

int
cli_run_cutover(struct cli *cli)
{
    struct change change;
    if (cli->typed.argument_count % 2 != 0) {
        cli_complain(
            cli, "`turnout cutover` wants a build behind each role: ROLE BUILD [ROLE BUILD]...");
        return CLI_EXIT_USAGE;
    }
    change_init(&change, cli, "/v1/cutover", NULL);
    json_t *targets = json_array();
    json_object_set_new(change.body, "targets", targets);
    for (size_t i = 0; i < cli->typed.argument_count; i += 2) {
        json_array_append_new(targets, json_pack("{s:s,s:s}", "role", cli->typed.arguments[i],
                                                 "set", cli->typed.arguments[i + 1]));
    }
    change_set_resume(&change, "live");
    return change_run(&change);
}

int
cli_run_weight(struct cli *cli)
{
    struct change change;
    uint32_t bp;
    if (!cli_weight(span_of(cli->typed.arguments[2]), &bp)) {
        cli_complain(cli, "%s is not a share: 0 to 100 with at most two decimals, as 2.5 or 2.5%%",
                     cli->typed.arguments[2]);
        return CLI_EXIT_USAGE;
    }
    change_init(&change, cli, "/v1/roles/", "weight");
    change_set_text(&change, "set", cli->typed.arguments[1]);
    change_set_number(&change, "weight_bp", bp);
    return change_run(&change);
}

int
cli_run_rollback(struct cli *cli)
{
    struct change change;
    change_init(&change, cli, "/v1/roles/", "rollback");
    change_set_text(&change, "set", cli->typed.argument_count > 1 ? cli->typed.arguments[1] : NULL);
    change_set_resume(&change, cli->typed.argument_count > 1 ? "live" : "idle");
    return change_run(&change);
}

int
cli_run_abort(struct cli *cli)
{
    struct change change;
    change_init(&change, cli, "/v1/roles/", "abort");
    change_set_resume(&change, "idle");
    return change_run(&change);
}

int
cli_run_hold(struct cli *cli)
{
    struct change change;
    change_init(&change, cli, "/v1/roles/", "hold");
    change_set_option(&change, "max_ms", CLI_OPTION_MAX);
    change_set_option(&change, "for_ms", CLI_OPTION_FOR);
    return change_run(&change);
}

int
cli_run_resume(struct cli *cli)
{
    struct change change;
    change_init(&change, cli, "/v1/roles/", "resume");
    return change_run(&change);
}

int
cli_run_maintenance(struct cli *cli)
{
    struct change change;
    bool is_on = strcmp(cli->typed.arguments[1], "on") == 0;
    if (!is_on && strcmp(cli->typed.arguments[1], "off") != 0) {
        cli_complain(cli, "maintenance is \"on\" or \"off\", not \"%s\"", cli->typed.arguments[1]);
        return CLI_EXIT_USAGE;
    }
    if (!is_on && (cli_has(cli, CLI_OPTION_MESSAGE) || cli_has(cli, CLI_OPTION_RETRY_AFTER))) {
        cli_complain(cli, "--message and --retry-after are for `maintenance ROLE on`");
        return CLI_EXIT_USAGE;
    }
    change_init(&change, cli, "/v1/roles/", "maintenance");
    json_object_set_new(change.body, "on", json_boolean(is_on));
    change_set_text(&change, "message", cli->typed.texts[CLI_OPTION_MESSAGE]);
    if (cli_has(cli, CLI_OPTION_RETRY_AFTER)) {
        change_set_number(&change, "retry_after_s",
                          (cli->typed.numbers[CLI_OPTION_RETRY_AFTER] + 999) / 1000);
    }
    return change_run(&change);
}

int
cli_run_drain(struct cli *cli)
{
    struct change change;
    change_init(&change, cli, "/v1/roles/", "drain");
    change_set_text(&change, "set", cli->typed.arguments[1]);
    change.limit_ms = cli->typed.numbers[CLI_OPTION_TIMEOUT];
    change_set_resume(&change, "drained");
    return change_run(&change);
}
