/* The answers to /healthz: a good one, and every way in which a check can go wrong. */
#include <stdio.h>
#include <string.h>

#include "tests/e2e/tools/common/net.h"
#include "tests/e2e/tools/instance/answer.h"
#include "tests/e2e/tools/instance/settings.h"

enum { BIG_BODY = 1024 * 1024 };

static bool
mode_is(const char *mode)
{
    return strcmp(settings.health, mode) == 0;
}

static void
health_raw(struct conn *conn, const char *bytes)
{
    buf_add_text(&conn->out, bytes);
    conn->is_answered = true;
    conn->is_complete = true;
    conn->closes = true;
}

static void
health_usual(struct conn *conn)
{
    char build[192];
    const char *name = settings.health_build[0] != '\0' ? settings.health_build : settings.build;
    snprintf(build, sizeof(build), "X-Build: %s\r\n", mode_is("nobuild") ? "" : name);
    buf_print(&conn->out, "HTTP/1.1 %ld Health\r\n%sContent-Length: 3\r\n\r\n%s",
              mode_is("fail") && settings.health_status == 200 ? 500 : settings.health_status,
              mode_is("nobuild") ? "" : build,
              strcmp(conn->request.method, "HEAD") == 0 ? "" : "ok\n");
    conn->is_answered = true;
    conn->is_complete = true;
}

static void
health_big(struct conn *conn)
{
    buf_print(&conn->out, "HTTP/1.1 200 OK\r\nX-Build: %s\r\nContent-Length: %d\r\n\r\n",
              settings.build, BIG_BODY);
    conn->source.left = BIG_BODY;
    conn->source.piece = 65536;
    conn->is_answered = true;
}

void
answer_health(struct conn *conn)
{
    if (mode_is("redirect")) {
        buf_add_text(&conn->out, "HTTP/1.1 301 Moved Permanently\r\nContent-Length: 0\r\n"
                                 "Location: https://elsewhere.example/healthz\r\n\r\n");
        conn->is_answered = true;
        conn->is_complete = true;
    } else if (mode_is("slow") && conn->answer_us == 0 && conn->read_piece == 0) {
        /* read_piece marks that the wait is over. */
        conn->read_piece = 4096;
        conn->answer_us = net_now_us() + (uint64_t)settings.health_delay_ms * 1000;
    } else if (mode_is("hang")) {
        conn->answer_us = UINT64_MAX;
    } else if (mode_is("hang_head")) {
        buf_print(&conn->out, "HTTP/1.1 200 OK\r\nX-Build: %s\r\nContent-Length: 10\r\n\r\nabc",
                  settings.build);
        conn->is_answered = true;
        conn->source.left = 1;
        conn->source.next_us = UINT64_MAX;
    } else if (mode_is("close")) {
        conn_close(conn);
    } else if (mode_is("junk")) {
        health_raw(conn, "\x01\x02 220 mail.example ESMTP\r\n");
    } else if (mode_is("chunked_junk")) {
        char junk[256];
        snprintf(junk, sizeof(junk),
                 "HTTP/1.1 200 OK\r\nX-Build: %s\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nno\r\n",
                 settings.build);
        health_raw(conn, junk);
    } else if (mode_is("big")) {
        health_big(conn);
    } else {
        if (mode_is("continue")) {
            buf_add_text(&conn->out, "HTTP/1.1 100 Continue\r\n\r\n");
        }
        health_usual(conn);
    }
}
