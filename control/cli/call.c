#include "control/cli/call.h"

#include <string.h>
#include "control/cli/answer.h"
#include "control/cli/text.h"
#include "proxy/base/clock.h"

void
cli_call_init(struct cli_call *call, struct cli *cli)
{
    *call = (struct cli_call){.cli = cli};
    cli_http_init(&call->http);
}

void
cli_call_fini(struct cli_call *call)
{
    cli_http_fini(&call->http);
}

void
cli_complain(const struct cli *cli, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fputs("turnout: ", cli->err);
    cli_print(cli->err, text);
    fputc('\n', cli->err);
}

int
cli_exit_of_status(unsigned status)
{
    switch (status) {
    case 400:
    case 405:
    case 413:
    case 414:
    case 422:
    case 431:
        return CLI_EXIT_USAGE;
    case 404:
    case 409:
    case 503:
        return CLI_EXIT_REFUSED;
    default:
        return CLI_EXIT_FAILED;
    }
}

int
cli_exit_of_result(const char *result)
{
    static const struct {
        const char *result;
        int code;
    } codes[] = {
        {"done", CLI_EXIT_DONE},         {"failed", CLI_EXIT_FAILED},
        {"superseded", CLI_EXIT_FAILED}, {"refused", CLI_EXIT_REFUSED},
        {"partial", CLI_EXIT_PARTIAL},
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strcmp(codes[i].result, result) == 0) {
            return codes[i].code;
        }
    }
    return CLI_EXIT_UNKNOWN;
}

bool
cli_path_append(struct buf *path, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    bool is_fine = true;
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0' && is_fine; c++) {
        is_fine =
            strchr(plain, *c) != NULL ? buf_append(path, c, 1) : buf_printf(path, "%%%02X", *c);
    }
    return is_fine;
}

static void
call_say_resume(const struct cli_call *call)
{
    if (call->is_change && call->resume[0] != '\0') {
        cli_complain(call->cli, "it may go on; follow it with `%s`", call->resume);
    }
}

int
cli_call_lost(struct cli_call *call, enum cli_http_result result)
{
    switch (result) {
    case CLI_HTTP_OK:
    case CLI_HTTP_END:
        return CLI_EXIT_DONE;
    case CLI_HTTP_UNREACHABLE:
        return CLI_EXIT_UNREACHABLE;
    case CLI_HTTP_CUT:
        cli_complain(call->cli, "the connection to turnoutd ended before the answer did");
        break;
    case CLI_HTTP_TIMEOUT:
        cli_complain(call->cli, "turnoutd did not answer in time");
        break;
    case CLI_HTTP_INTERRUPTED:
        cli_complain(call->cli, "interrupted; nothing was ended by that");
        break;
    case CLI_HTTP_BAD:
        cli_complain(call->cli, "the answer is not one of turnoutd: is this its control socket?");
        break;
    }
    call_say_resume(call);
    return call->is_change ? CLI_EXIT_UNKNOWN : CLI_EXIT_FAILED;
}

/* Says an error answer. */
static int
call_refused(struct cli_call *call)
{
    struct span body;
    int code = cli_exit_of_status(call->http.status);
    enum cli_http_result result = cli_http_rest(&call->http, &body, CLI_ANSWER_TIMEOUT_MS);
    json_t *answer = result == CLI_HTTP_END ? cli_answer_parse(body) : NULL;
    const char *message = cli_answer_text(answer, "message");
    if (message[0] != '\0') {
        cli_complain(call->cli, "%s", message);
    } else {
        cli_complain(call->cli, "turnoutd answered %u", call->http.status);
    }
    if (call->cli->typed.is_json && answer != NULL) {
        json_dumpf(answer, call->cli->out, JSON_COMPACT);
        fputc('\n', call->cli->out);
    }
    json_decref(answer);
    return code;
}

int
cli_call_begin(struct cli_call *call, const char *method, const char *path, const char *body,
               uint64_t wait_ms)
{
    struct buf error;
    buf_init(&error);
    enum cli_http_result result =
        cli_http_send(&call->http, call->cli->socket, method, path, body, &error);
    const char *text = buf_string(&error);
    if (text != NULL && text[0] != '\0') {
        cli_complain(call->cli, "%s", text);
    }
    buf_fini(&error);
    if (result == CLI_HTTP_OK) {
        result = cli_http_head(&call->http, wait_ms + CLI_ANSWER_TIMEOUT_MS);
    }
    if (result != CLI_HTTP_OK) {
        return cli_call_lost(call, result);
    }
    return call->http.status < 400 ? CLI_EXIT_DONE : call_refused(call);
}

json_t *
cli_call_object(struct cli_call *call, int *code)
{
    struct span body;
    enum cli_http_result result = cli_http_rest(&call->http, &body, CLI_ANSWER_TIMEOUT_MS);
    if (result != CLI_HTTP_END) {
        *code = cli_call_lost(call, result);
        return NULL;
    }
    json_t *answer = cli_answer_parse(body);
    if (answer == NULL) {
        *code = cli_call_lost(call, CLI_HTTP_BAD);
    }
    return answer;
}

/* "3 exchanges finished, 0 were cut, the oldest took 1.2s" */
static void
follow_say_drain(const struct cli *cli, const json_t *drain)
{
    char age[CLI_AGE_SIZE];
    fprintf(cli->out, "drained: %llu finished, %llu cut, the oldest took %s\n",
            (unsigned long long)cli_answer_number(drain, "finished"),
            (unsigned long long)cli_answer_number(drain, "cut"),
            cli_duration_text(cli_answer_number(drain, "oldest_age_us"), age));
}

/* "web: ready: 2 of 3", without the step's name where the text begins with it. */
static void
follow_say_step(const struct cli *cli, const json_t *line)
{
    const char *role = cli_answer_text(line, "role");
    const char *step = cli_answer_text(line, "step");
    const char *text = cli_answer_text(line, "text");
    bool has_name = strncmp(text, step, strlen(step)) == 0;
    char whole[4096];
    snprintf(whole, sizeof(whole), "%s%s%s%s%s", role, role[0] == '\0' ? "" : ": ",
             has_name ? "" : step, has_name ? "" : ": ", text);
    cli_print(cli->err, whole);
    fputc('\n', cli->err);
    fflush(cli->err);
}

/* One line of the stream. The exit code at the last one, else -1. */
static int
follow_take(struct cli_call *call, struct span text)
{
    const struct cli *cli = call->cli;
    json_t *line = cli_answer_parse(text);
    int code = -1;
    if (line == NULL) {
        return cli_call_lost(call, CLI_HTTP_BAD);
    }
    const char *result = cli_answer_text(line, "result");
    bool is_step = cli_answer_text(line, "step")[0] != '\0';
    if (is_step) {
        follow_say_step(cli, line);
    }
    if (cli->typed.is_json && (is_step || result[0] != '\0')) {
        json_dumpf(line, cli->out, JSON_COMPACT);
        fputc('\n', cli->out);
        fflush(cli->out);
    }
    if (result[0] != '\0') {
        code = cli_exit_of_result(result);
        const json_t *drain = cli_answer_object(line, "drain");
        FILE *to = code == CLI_EXIT_DONE || code == CLI_EXIT_PARTIAL ? cli->out : cli->err;
        if (!cli->typed.is_json || to == cli->err) {
            fputs(to == cli->err ? "turnout: " : "", to);
            cli_print(to, cli_answer_text(line, "text"));
            fputc('\n', to);
        }
        if (drain != NULL && !cli->typed.is_json) {
            follow_say_drain(cli, drain);
        }
        if (code == CLI_EXIT_UNKNOWN) {
            call_say_resume(call);
        }
    }
    json_decref(line);
    return code;
}

int
cli_call_follow(struct cli_call *call, uint64_t limit_ms)
{
    uint64_t end_us = limit_ms == 0 ? UINT64_MAX : clock_mono_us() + limit_ms * 1000;
    for (;;) {
        uint64_t now_us = clock_mono_us();
        uint64_t left_ms = end_us <= now_us ? 0 : (end_us - now_us) / 1000;
        struct span line;
        enum cli_http_result result = cli_http_line(
            &call->http, &line, left_ms < CLI_ANSWER_TIMEOUT_MS ? left_ms : CLI_ANSWER_TIMEOUT_MS);
        if (result == CLI_HTTP_TIMEOUT && clock_mono_us() + 1000 >= end_us) {
            cli_complain(call->cli, "not done after --timeout");
            call_say_resume(call);
            return CLI_EXIT_UNKNOWN;
        }
        if (result != CLI_HTTP_OK) {
            return cli_call_lost(call, result == CLI_HTTP_END ? CLI_HTTP_CUT : result);
        }
        int code = follow_take(call, line);
        if (code >= 0) {
            return code;
        }
    }
}
