#include "tests/e2e/tools/instance/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/e2e/tools/common/net.h"
#include "tests/e2e/tools/instance/answer.h"
#include "tests/e2e/tools/instance/settings.h"
#include "tests/e2e/tools/instance/stats.h"

enum { READ_BYTES = 64 * 1024, OUT_ENOUGH = 128 * 1024, READ_PAUSE_US = 10000 };

struct conn *
conn_new(int fd, unsigned number)
{
    struct conn *conn = calloc(1, sizeof(*conn));
    if (conn == NULL) {
        abort();
    }
    conn->fd = fd;
    conn->number = number;
    conn->nth = 1;
    stats.open++;
    return conn;
}

static void
conn_uncount(struct conn *conn)
{
    stats.in_flight -= conn->is_counted ? 1 : 0;
    conn->is_counted = false;
}

void
conn_free(struct conn *conn)
{
    conn_uncount(conn);
    request_free(&conn->request);
    buf_free(&conn->in);
    buf_free(&conn->out);
    buf_free(&conn->source.fixed);
    stats.open--;
    free(conn);
}

void
conn_close(struct conn *conn)
{
    if (conn->is_dead) {
        return;
    }
    if (conn->resets) {
        net_reset_on_close(conn->fd);
    }
    close(conn->fd);
    conn->is_dead = true;
}

uint32_t
conn_events(const struct conn *conn, uint64_t now_us)
{
    bool reads = conn->read_us <= now_us && conn->in.size < READ_BYTES;
    return (reads ? (uint32_t)EPOLLIN : 0) | (conn->out.size > 0 ? (uint32_t)EPOLLOUT : 0);
}

uint64_t
conn_due(const struct conn *conn)
{
    uint64_t due = UINT64_MAX;
    const struct source *source = &conn->source;
    if (conn->answer_us != 0) {
        due = conn->answer_us;
    }
    if (conn->close_us != 0 && conn->close_us < due) {
        due = conn->close_us;
    }
    if (conn->read_us != 0 && conn->read_us < due) {
        due = conn->read_us;
    }
    if (conn->is_answered && !conn->is_complete && conn->out.size < OUT_ENOUGH &&
        source->next_us < due) {
        due = source->next_us;
    }
    return due;
}

static void
conn_read(struct conn *conn, uint64_t now_us)
{
    if (settings_take_close("before_read", conn->nth)) {
        conn->resets = strcmp(settings.close_how, "rst") == 0;
        conn_close(conn);
        return;
    }
    size_t want = conn->read_piece > 0 ? (size_t)conn->read_piece : READ_BYTES;
    ssize_t got = recv(conn->fd, buf_reserve(&conn->in, want), want, 0);
    if (got > 0) {
        conn->in.size += (size_t)got;
        conn->close_us = 0;
        conn->read_us = conn->read_piece > 0 ? now_us + READ_PAUSE_US : 0;
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        conn_close(conn);
    }
}

/* The next piece of the body, into out. */
static void
source_piece(struct conn *conn)
{
    struct source *source = &conn->source;
    uint64_t piece = source->piece < source->left ? source->piece : source->left;
    if (source->is_chunked) {
        buf_print(&conn->out, "%llx\r\n", (unsigned long long)piece);
    }
    if (source->fixed.size > 0) {
        buf_add(&conn->out, source->fixed.at + source->offset, (size_t)piece);
    } else {
        char *at = buf_reserve(&conn->out, (size_t)piece);
        for (uint64_t i = 0; i < piece; i++) {
            at[i] = (char)('a' + (source->offset + i) % 26);
        }
        conn->out.size += (size_t)piece;
    }
    if (source->is_chunked) {
        buf_add_text(&conn->out, "\r\n");
    }
    source->offset += piece;
    source->left -= piece;
}

static void
source_pump(struct conn *conn, uint64_t now_us)
{
    struct source *source = &conn->source;
    while (source->left > 0 && source->next_us <= now_us && conn->out.size < OUT_ENOUGH) {
        source_piece(conn);
        source->next_us = now_us + source->pause_us;
    }
    if (source->left == 0 && conn->is_answered && !conn->is_complete) {
        buf_add_text(&conn->out, source->end == NULL ? "" : source->end);
        conn->is_complete = true;
    }
}

static void
conn_send(struct conn *conn)
{
    while (conn->out.size > 0 && !conn->is_dead) {
        ssize_t sent = send(conn->fd, conn->out.at, conn->out.size, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                conn_close(conn);
            }
            return;
        }
        buf_cut(&conn->out, (size_t)sent);
    }
}

static void
conn_next_request(struct conn *conn, uint64_t now_us)
{
    bool is_traffic = conn->is_counted;
    conn_uncount(conn);
    request_free(&conn->request);
    buf_free(&conn->source.fixed);
    conn->source = (struct source){0};
    conn->is_answered = false;
    conn->is_complete = false;
    conn->read_piece = 0;
    if (is_traffic && settings_take_close("after_answer", conn->nth)) {
        conn->resets = strcmp(settings.close_how, "rst") == 0;
        conn_close(conn);
    } else if (is_traffic && settings_take_close("idle", conn->nth)) {
        conn->resets = strcmp(settings.close_how, "rst") == 0;
        conn->close_us = now_us + (uint64_t)settings.close_after_ms * 1000;
    }
    conn->nth++;
}

/* One step of what can be done without the socket; false when there is nothing more to do now. */
static bool
conn_step(struct conn *conn, uint64_t now_us)
{
    struct request *request = &conn->request;
    if (request->state == REQUEST_HEAD && conn->in.size > 0) {
        request_read_head(request, &conn->in);
        if (request->state == REQUEST_BODY || request->state == REQUEST_WHOLE) {
            answer_head_arrived(conn);
            return true;
        }
    }
    if (request->state == REQUEST_BODY && conn->in.size > 0) {
        if (settings_take_close("mid_body", conn->nth)) {
            conn->resets = strcmp(settings.close_how, "rst") == 0;
            conn_close(conn);
            return false;
        }
        size_t before = conn->in.size;
        request_read_body(request, &conn->in);
        return conn->in.size < before || request->state == REQUEST_BAD;
    }
    if (request->state == REQUEST_BAD) {
        stats.bad++;
        conn_close(conn);
        return false;
    }
    bool is_due = conn->answer_us != 0 && conn->answer_us <= now_us;
    if (!conn->is_answered && (is_due || (request->state == REQUEST_WHOLE && !conn->answer_us))) {
        conn->answer_us = 0;
        answer_now(conn);
        return conn->is_answered;
    }
    return false;
}

static void
conn_finish(struct conn *conn, uint64_t now_us)
{
    if (!conn->is_complete || conn->out.size > 0 || conn->is_dead || conn->lingers) {
        return;
    }
    if (conn->closes && conn->request.state == REQUEST_BODY && !conn->resets) {
        shutdown(conn->fd, SHUT_WR);
        conn->lingers = true;
    } else if (conn->closes) {
        conn_close(conn);
    } else if (conn->request.state == REQUEST_WHOLE) {
        conn_next_request(conn, now_us);
    }
}

void
conn_run(struct conn *conn, bool can_read, uint64_t now_us)
{
    if (conn->close_us != 0 && conn->close_us <= now_us) {
        conn_close(conn);
    }
    if (can_read && !conn->is_dead) {
        conn_read(conn, now_us);
    }
    if (conn->lingers) {
        conn->in.size = 0;
        return;
    }
    if (conn->read_us != 0 && conn->read_us <= now_us) {
        conn->read_us = 0;
    }
    unsigned nth;
    do {
        nth = conn->nth;
        while (!conn->is_dead && conn_step(conn, now_us)) {
        }
        source_pump(conn, now_us);
        conn_send(conn);
        conn_finish(conn, now_us);
    } while (!conn->is_dead && conn->nth != nth);
}
