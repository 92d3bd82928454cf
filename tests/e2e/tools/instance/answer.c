#include "tests/e2e/tools/instance/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/tools/common/net.h"
#include "tests/e2e/tools/common/query.h"
#include "tests/e2e/tools/instance/settings.h"
#include "tests/e2e/tools/instance/stats.h"

void
answer_begin(struct conn *conn, long status, const char *extra)
{
    buf_print(&conn->out,
              "HTTP/1.1 %ld Status\r\nX-Build: %s\r\nX-Conn: %u\r\nX-Conn-Request: %u\r\n%s",
              status, settings.build, conn->number, conn->nth, extra);
    if (!conn->request.is_keep_alive) {
        buf_add_text(&conn->out, "Connection: close\r\n");
        conn->closes = true;
    }
    conn->is_answered = true;
}

void
answer_text(struct conn *conn, long status, const char *extra, const char *body)
{
    answer_begin(conn, status, extra);
    if (status != 204) {
        buf_print(&conn->out, "Content-Length: %zu\r\n", strlen(body));
    }
    buf_add_text(&conn->out, "\r\n");
    if (strcmp(conn->request.method, "HEAD") != 0 && status != 204 && status != 304) {
        buf_add_text(&conn->out, body);
    }
    conn->is_complete = true;
}

static void
answer_plain(struct conn *conn)
{
    char extra[64] = "";
    char body[512];
    if (settings.keep_alive_timeout >= 0) {
        snprintf(extra, sizeof(extra), "Keep-Alive: timeout=%ld\r\n", settings.keep_alive_timeout);
    }
    snprintf(body, sizeof(body), "%s %s\n", settings.build, conn->request.path);
    answer_text(conn, settings.status, extra, body);
}

static void
answer_set(struct conn *conn)
{
    settings_apply(conn->request.query);
    answer_text(conn, 200, "", "set\n");
}

static void
answer_stats(struct conn *conn)
{
    struct buf body = {0};
    stats_print(&body);
    buf_add(&body, "", 1);
    answer_text(conn, 200, "Content-Type: application/json\r\n", body.at);
    buf_free(&body);
}

static void
answer_echo(struct conn *conn)
{
    const struct request *request = &conn->request;
    answer_begin(conn, 200, "");
    buf_print(&conn->out, "Content-Length: %zu\r\n\r\n", request->head_size + request->body.size);
    if (strcmp(request->method, "HEAD") != 0) {
        buf_add(&conn->out, request->head, request->head_size);
        buf_add(&conn->out, request->body.at, request->body.size);
    }
    conn->is_complete = true;
}

static void
answer_upload(struct conn *conn)
{
    char body[256];
    snprintf(body, sizeof(body), "{\"bytes\":%llu,\"fnv\":\"%016llx\",\"build\":\"%s\"}\n",
             (unsigned long long)conn->request.body_bytes,
             (unsigned long long)conn->request.body_fnv, settings.build);
    answer_text(conn, 200, "", body);
}

/* size, piece, pause_ms; framing by length, by chunked=1 (trailers=1), or by close=1; type. */
static void
answer_body(struct conn *conn)
{
    const char *query = conn->request.query;
    struct source *source = &conn->source;
    char type[64] = "application/octet-stream";
    query_text(query, "type", type, sizeof(type));
    answer_begin(conn, query_number(query, "status", 200), "");
    source->left = (uint64_t)query_number(query, "size", 0);
    source->piece = (uint64_t)query_number(query, "piece", 65536);
    source->pause_us = (uint64_t)query_number(query, "pause_ms", 0) * 1000;
    source->is_chunked = query_is(query, "chunked", "1");
    buf_print(&conn->out, "Content-Type: %s\r\n", type);
    if (source->is_chunked) {
        bool has_trailers = query_is(query, "trailers", "1");
        source->end = has_trailers ? "0\r\nX-Sum: 42\r\nX-More: yes\r\n\r\n" : "0\r\n\r\n";
        buf_add_text(&conn->out, has_trailers ? "Trailer: X-Sum, X-More\r\n" : "");
        buf_add_text(&conn->out, "Transfer-Encoding: chunked\r\n\r\n");
    } else if (query_is(query, "close", "1")) {
        conn->closes = true;
        buf_add_text(&conn->out, "Connection: close\r\n\r\n");
    } else {
        buf_print(&conn->out, "Content-Length: %llu\r\n\r\n", (unsigned long long)source->left);
    }
    if (strcmp(conn->request.method, "HEAD") == 0) {
        source->left = 0;
        source->end = NULL;
    }
}

/* hex=BYTES is sent as it is; close=1 ends the connection after it, how=rst; piece, pause_ms. */
static void
answer_raw(struct conn *conn)
{
    const char *query = conn->request.query;
    struct source *source = &conn->source;
    const char *hex;
    size_t size;
    if (query_find(query, "hex", &hex, &size)) {
        for (size_t i = 0; i + 1 < size; i += 2) {
            char pair[3] = {hex[i], hex[i + 1], '\0'};
            char byte = (char)strtoul(pair, NULL, 16);
            buf_add(&source->fixed, &byte, 1);
        }
    }
    source->left = source->fixed.size;
    source->piece = (uint64_t)query_number(query, "piece", 65536);
    source->pause_us = (uint64_t)query_number(query, "pause_ms", 0) * 1000;
    conn->closes = query_is(query, "close", "1");
    conn->resets = query_is(query, "how", "rst");
    conn->is_answered = true;
}

static void
answer_early(struct conn *conn)
{
    const char *query = conn->request.query;
    conn->closes = query_is(query, "close", "1");
    conn->resets = query_is(query, "how", "rst");
    answer_text(conn, query_number(query, "status", 413),
                conn->closes ? "Connection: close\r\n" : "", "early\n");
}

/* codes=103,103 before a plain answer. */
static void
answer_interim(struct conn *conn)
{
    char codes[64] = "103";
    query_text(conn->request.query, "codes", codes, sizeof(codes));
    char *at = codes;
    while (*at != '\0') {
        long code = strtol(at, &at, 10);
        buf_print(&conn->out, "HTTP/1.1 %ld Interim\r\n%s\r\n", code,
                  code == 103 ? "Link: </style.css>; rel=preload\r\n" : "");
        at += *at == '\0' ? 0 : 1;
    }
    answer_plain(conn);
}

static void
answer_status(struct conn *conn)
{
    const char *query = conn->request.query;
    long code = query_number(query, "code", 200);
    char extra[64] = "";
    if (code == 304) {
        answer_begin(conn, code, "ETag: \"x\"\r\n");
        if (query_number(query, "cl", -1) >= 0) {
            snprintf(extra, sizeof(extra), "Content-Length: %ld\r\n", query_number(query, "cl", 0));
        }
        buf_print(&conn->out, "%s\r\n", extra);
        conn->is_complete = true;
        return;
    }
    answer_text(conn, code, extra, "status\n");
}

static void
answer_hang(struct conn *conn)
{
    conn->answer_us = UINT64_MAX;
}

static void
answer_delay(struct conn *conn)
{
    if (conn->source.pause_us == 0) {
        conn->source.pause_us = 1;
        long ms = query_number(conn->request.query, "ms", 100);
        conn->answer_us = net_now_us() + (uint64_t)ms * 1000;
        return;
    }
    answer_plain(conn);
}

/* when=head, body, whole or answer; how=fin or rst. */
static void
answer_close(struct conn *conn)
{
    const char *query = conn->request.query;
    conn->resets = query_is(query, "how", "rst");
    if (query_is(query, "when", "body") && conn->request.body_bytes == 0 &&
        conn->request.state == REQUEST_BODY) {
        conn->answer_us = net_now_us() + 20000;
        return;
    }
    if (query_is(query, "when", "answer")) {
        answer_begin(conn, 200, "Content-Length: 1000\r\n\r\nonly this much");
        conn->is_complete = true;
        conn->closes = true;
        return;
    }
    conn_close(conn);
}

/* A path, who answers it, and when: at the head already, or when the request is whole. */
static const struct {
    const char *path;
    void (*answer)(struct conn *conn);
    bool is_early;
} answers[] = {
    {"/healthz", answer_health, false},    {"/_set", answer_set, false},
    {"/_stats", answer_stats, false},      {"/_echo", answer_echo, false},
    {"/_upload", answer_upload, false},    {"/_body", answer_body, false},
    {"/_raw", answer_raw, false},          {"/_raw_early", answer_raw, true},
    {"/_early", answer_early, true},       {"/_interim", answer_interim, false},
    {"/_status", answer_status, false},    {"/_hang", answer_hang, false},
    {"/_delay", answer_delay, false},      {"/_close", answer_close, false},
    {"/_close_early", answer_close, true}, {"", answer_plain, false},
};

static size_t
answer_index(const struct conn *conn)
{
    size_t i = 0;
    while (answers[i].path[0] != '\0' && strcmp(answers[i].path, conn->request.path) != 0) {
        i++;
    }
    return i;
}

static void
answer_count(struct conn *conn)
{
    if (strcmp(conn->request.path, "/healthz") == 0) {
        stats.probes++;
        return;
    }
    if (strcmp(conn->request.path, "/_set") == 0 || strcmp(conn->request.path, "/_stats") == 0) {
        return;
    }
    stats.requests++;
    stats.in_flight++;
    if (stats.in_flight > stats.most_in_flight) {
        stats.most_in_flight = stats.in_flight;
    }
    conn->is_counted = true;
    stats_begun(conn->request.post_id);
}

/* Settings speak of the traffic; what steers and checks the instance is spared. */
static bool
answer_takes_close(struct conn *conn, const char *when)
{
    if (!conn->is_counted || !settings_take_close(when, conn->nth)) {
        return false;
    }
    conn->resets = strcmp(settings.close_how, "rst") == 0;
    return true;
}

void
answer_head_arrived(struct conn *conn)
{
    const struct request *request = &conn->request;
    answer_count(conn);
    if (answer_takes_close(conn, "on_head")) {
        conn_close(conn);
        return;
    }
    size_t i = answer_index(conn);
    conn->request.keeps_body = answers[i].answer == answer_echo;
    conn->read_piece = (uint64_t)query_number(request->query, "read_rate", 0) / 100;
    if (answers[i].is_early) {
        answers[i].answer(conn);
    } else if (request->expects_continue && !query_is(request->query, "continue", "0")) {
        buf_add_text(&conn->out, "HTTP/1.1 100 Continue\r\n\r\n");
    }
}

void
answer_now(struct conn *conn)
{
    if (conn->is_counted && conn->request.state == REQUEST_WHOLE && conn->answer_us == 0 &&
        conn->source.pause_us == 0) {
        stats_executed(conn->request.post_id);
    }
    size_t i = answer_index(conn);
    if (answers[i].answer == answer_plain && settings.delay_ms > 0 && conn->source.pause_us == 0) {
        conn->source.pause_us = 1;
        conn->answer_us = net_now_us() + (uint64_t)settings.delay_ms * 1000;
        return;
    }
    answers[i].answer(conn);
    if (conn->is_answered && answer_takes_close(conn, "mid_answer")) {
        conn->source.left = 0;
        conn->source.end = NULL;
        conn->out.size /= 2;
        conn->is_complete = true;
        conn->closes = true;
    }
}
