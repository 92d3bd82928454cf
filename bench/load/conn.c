#include "bench/load/conn.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "bench/common/clock.h"
#include "bench/common/die.h"
#include "bench/load/run.h"

#define CONN_BACKOFF_NS (10 * CLOCK_NS_PER_MS)

#define CONN_ENDED (EPOLLRDHUP | EPOLLHUP | EPOLLERR)

static void
conn_move(struct run *run, struct conn *conn, enum conn_place place)
{
    if (conn->place == CONN_IDLE)
        TAILQ_REMOVE(&run->idle, conn, links);
    if (conn->place == CONN_CLOSED)
        TAILQ_REMOVE(&run->closed, conn, links);
    if (place == CONN_IDLE)
        TAILQ_INSERT_TAIL(&run->idle, conn, links);
    if (place == CONN_CLOSED)
        TAILQ_INSERT_TAIL(&run->closed, conn, links);
    conn->place = place;
}

/* The request is over; but one that was raced is sent again, and still outstanding. */
static void
conn_finish(struct run *run, struct conn *conn, enum outcome outcome)
{
    struct tally_record record = {.due_ns = conn->due_ns,
                                  .sent_ns = conn->sent_ns,
                                  .done_ns = run->now_ns,
                                  .outcome = outcome};

    tally_end(run->tally, record, conn->answer.has_head ? conn->answer.build : "");
    if (outcome == OUTCOME_RACE)
        return;
    conn->has_request = false;
    run->outstanding--;
}

static void
conn_close(struct run *run, struct conn *conn)
{
    stream_close(&conn->stream);
    answer_reset(&conn->answer);
    conn->reopen_ns = conn->is_up ? 0 : run->now_ns + CONN_BACKOFF_NS;
    conn_move(run, conn, CONN_CLOSED);
}

static enum outcome
conn_blame(const struct conn *conn, ssize_t why)
{
    if (why == STREAM_TLS)
        return OUTCOME_TLS;
    if (!conn->is_up)
        return OUTCOME_CONNECT;
    if (conn->answer.has_begun)
        return OUTCOME_SHORT;
    if (conn->answers > 0)
        return OUTCOME_RACE;
    return why == STREAM_RESET ? OUTCOME_RESET : OUTCOME_CLOSED;
}

static void
conn_broken(struct run *run, struct conn *conn, ssize_t why)
{
    if (conn->has_request)
        conn_finish(run, conn, conn_blame(conn, why));
    conn_close(run, conn);
}

/* A failure to send is left for the read that follows it to explain, as the answer may be there;
 * but OpenSSL tells what is wrong with TLS only once. */
static void
conn_write(struct run *run, struct conn *conn)
{
    const struct plan *plan = run->plan;
    ssize_t sent;

    do {
        sent =
            stream_send(&conn->stream, plan->request + conn->sent, plan->request_size - conn->sent);
        if (sent > 0) {
            conn->sent += (size_t)sent;
            conn->is_up = true;
        }
    } while (sent > 0 && conn->sent < plan->request_size);
    if (sent == STREAM_TLS)
        conn_broken(run, conn, sent);
}

static void
conn_request(struct run *run, struct conn *conn)
{
    conn_move(run, conn, CONN_BUSY);
    conn->sent = 0;
    conn->sent_ns = clock_now_ns();
    answer_reset(&conn->answer);
    conn_write(run, conn);
}

void
conn_next(struct run *run, struct conn *conn)
{
    if (!run_take(run, &conn->due_ns)) {
        conn_move(run, conn, CONN_IDLE);
        return;
    }
    conn->has_request = true;
    conn_request(run, conn);
}

void
conn_open(struct run *run, struct conn *conn)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = conn};

    run->tally->connects++;
    run->tally->reconnects += conn->was_open && !run->plan->is_one_shot;
    conn->was_open = true;
    conn->is_up = false;
    conn->is_ending = false;
    conn->answers = 0;
    if (!stream_open(&conn->stream, &run->plan->address, run->tls)) {
        conn_broken(run, conn, STREAM_RESET);
        return;
    }
    if (epoll_ctl(run->loop, EPOLL_CTL_ADD, conn->stream.fd, &event) != 0)
        die("epoll_ctl: %s", strerror(errno));
    if (conn->has_request)
        conn_request(run, conn);
    else
        conn_next(run, conn);
}

static enum outcome
conn_judge(const struct run *run, const struct conn *conn, bool has_excess)
{
    const struct plan *plan = run->plan;

    if (conn->sent < plan->request_size)
        return OUTCOME_EARLY;
    if (has_excess)
        return OUTCOME_EXCESS;
    if (conn->answer.status != plan->expect_status)
        return OUTCOME_STATUS;
    if (plan->expect_length != UINT64_MAX && conn->answer.body.seen != plan->expect_length)
        return OUTCOME_SIZE;
    return OUTCOME_OK;
}

static void
conn_answered(struct run *run, struct conn *conn, bool has_excess)
{
    enum outcome outcome = conn_judge(run, conn, has_excess);
    bool is_resumed =
        conn->stream.ssl && conn->answers == 0 && SSL_session_reused(conn->stream.ssl);
    bool is_last = conn->answer.is_close || outcome == OUTCOME_EARLY || has_excess;

    run->tally->resumed += is_resumed;
    conn_finish(run, conn, outcome);
    conn->answers++;
    if (run->plan->is_one_shot && !has_excess)
        conn->is_ending = true;
    else if (is_last)
        conn_close(run, conn);
    else
        conn_next(run, conn);
}

static void
conn_take(struct run *run, struct conn *conn, size_t size)
{
    size_t used = 0;
    enum http_result result;

    run->tally->bytes_in += size;
    if (!conn->has_request) {
        run->tally->outcomes[OUTCOME_EXCESS]++;
        conn_close(run, conn);
        return;
    }
    result = answer_take(&conn->answer, run->scratch, size, &used);
    if (result == HTTP_DONE)
        conn_answered(run, conn, used < size);
    if (result != HTTP_BAD)
        return;
    conn_finish(run, conn, OUTCOME_FRAMING);
    conn_close(run, conn);
}

/* A short read has emptied the socket, unless the end of the stream is behind it. */
static void
conn_read(struct run *run, struct conn *conn, uint32_t events)
{
    bool is_drained = false;

    while (!is_drained && conn->place != CONN_CLOSED) {
        ssize_t got = stream_recv(&conn->stream, run->scratch, RUN_SCRATCH_SIZE);

        if (got == STREAM_AGAIN)
            return;
        if (got < 0) {
            conn_broken(run, conn, got);
            return;
        }
        conn_take(run, conn, (size_t)got);
        is_drained = !conn->stream.ssl && (size_t)got < RUN_SCRATCH_SIZE && !(events & CONN_ENDED);
    }
}

void
conn_event(struct run *run, struct conn *conn, uint32_t events)
{
    if (events & EPOLLOUT && !(events & (EPOLLHUP | EPOLLERR)))
        conn->is_up = true;
    if (conn->has_request && conn->sent < run->plan->request_size)
        conn_write(run, conn);
    if (events & (EPOLLIN | CONN_ENDED))
        conn_read(run, conn, events);
}

void
conn_expire(struct run *run, struct conn *conn)
{
    if (conn->has_request)
        conn_finish(run, conn, OUTCOME_TIMEOUT);
    conn_close(run, conn);
}
