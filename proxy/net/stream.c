#include "proxy/net/stream.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include "proxy/base/check.h"
#include "proxy/net/loop_parts.h"
#include "proxy/net/stream_parts.h"
#include "proxy/net/tls_session.h"

_Static_assert(sizeof(struct event) <= sizeof((struct stream *)0)->event, "event storage");
_Static_assert(sizeof(struct stream) <= 200, "an idle connection is small");

static struct event *
stream_event(struct stream *stream)
{
    return (struct event *)(void *)stream->event;
}

void
stream_init(struct stream *stream, struct loop *loop, int fd,
            void (*on_ready)(struct stream *stream))
{
    *stream = (struct stream){
        .loop = loop, .on_ready = on_ready, .fd = fd, .may_read = fd >= 0, .may_write = fd >= 0};
}

/* What is known to be broken needs no more system calls. */
enum stream_result
stream_fail(struct stream *stream, int error)
{
    stream->error = error;
    stream->has_failed = true;
    stream->may_read = stream->may_write = false;
    return STREAM_FAILED;
}

/* After a FIN libevent reports EV_CLOSED with every event but one: that of a socket in error. */
static bool
is_reset_after_fin(const struct stream *stream, short what)
{
    return stream->has_hangup && (what & EV_CLOSED) == 0 && (what & EV_READ) != 0;
}

/* What came before the reset can still be read. */
static void
break_writing(struct stream *stream, int error)
{
    stream->error = error;
    stream->is_write_broken = stream->may_read = true;
    stream->may_write = false;
}

static bool
note_reset(struct stream *stream)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error == 0) {
        return false;
    }
    if (stream->tls != NULL || stream->has_eof) {
        stream_fail(stream, error);
        return true;
    }
    break_writing(stream, error);
    return true;
}

/* Raises the flags that the event tells; true if one was not up before. */
static bool
gain(struct stream *stream, short what)
{
    bool is_new = false;
    if ((what & EV_CLOSED) != 0 && !stream->has_hangup) {
        stream->has_hangup = true;
        what |= EV_READ;
        is_new = true;
    }
    if ((what & EV_READ) != 0 && !stream->may_read && !stream->has_eof) {
        stream->may_read = is_new = true;
    }
    if ((what & EV_WRITE) != 0 && !stream->may_write && !stream->is_write_shut) {
        stream->may_write = is_new = true;
    }
    return is_new;
}

static void
on_event(int fd, short what, void *arg)
{
    (void)fd;
    struct stream *stream = arg;
    if (stream->has_failed) {
        return;
    }
    bool is_new = is_reset_after_fin(stream, what) && note_reset(stream);
    if (!is_new && stream->tls != NULL) {
        is_new =
            tls_session_event(stream, (what & (EV_READ | EV_CLOSED)) != 0, (what & EV_WRITE) != 0);
        what &= EV_CLOSED;
    }
    if (!stream->has_failed) {
        is_new |= gain(stream, what);
    }
    if (is_new) {
        stream->on_ready(stream);
    }
}

enum err
stream_register(struct stream *stream)
{
    if (stream->is_registered) {
        return ERR_OK;
    }
    CHECK(stream->fd >= 0);
    struct event *event = stream_event(stream);
    short what = EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST;
    if (event_assign(event, stream->loop->base, stream->fd, what, on_event, stream) != 0 ||
        event_add(event, NULL) != 0) {
        return errno == ENOSPC || errno == EMFILE ? ERR_LIMIT : ERR_NO_MEMORY;
    }
    stream->is_registered = true;
    return ERR_OK;
}

enum stream_result
stream_read(struct stream *stream, void *data, size_t capacity, size_t *size)
{
    CHECK(capacity > 0);
    if (stream->has_failed) {
        return STREAM_FAILED;
    }
    if (stream->tls != NULL) {
        return tls_session_read(stream, data, capacity, size);
    }
    ssize_t got = recv(stream->fd, data, capacity, 0);
    if (got <= 0 && stream->is_write_broken && (got < 0 || stream->error != EPIPE)) {
        /* The write has consumed the socket's error: what looks like a FIN here is none, unless one
         * came before the reset (EPIPE). */
        return stream_fail(stream, stream->error);
    }
    if (got > 0) {
        stream->may_read = (size_t)got == capacity || stream->has_hangup || stream->is_write_broken;
        *size = (size_t)got;
        return STREAM_OK;
    }
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
        return stream_fail(stream, errno);
    }
    stream->may_read = false;
    if (got < 0) {
        return STREAM_AGAIN;
    }
    stream->has_hangup = stream->has_eof = true;
    return STREAM_EOF;
}

static size_t
pieces_size(const struct iovec *pieces, int count)
{
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        size += pieces[i].iov_len;
    }
    return size;
}

static ssize_t
send_pieces(int fd, const struct iovec *pieces, int count)
{
    if (count == 1) {
        return send(fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
    }
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)pieces,
                             .msg_iovlen = (size_t)count};
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

enum stream_result
stream_write(struct stream *stream, const struct iovec *pieces, int count, size_t *size)
{
    size_t wanted = pieces_size(pieces, count);
    CHECK(count > 0 && count <= STREAM_PIECE_LIMIT && wanted > 0 && !stream->is_write_shut);
    if (stream->has_failed || stream->is_write_broken) {
        return STREAM_FAILED;
    }
    if (stream->tls != NULL) {
        return tls_session_write(stream, pieces, count, size);
    }
    ssize_t sent = send_pieces(stream->fd, pieces, count);
    if (sent > 0) {
        stream->may_write = (size_t)sent == wanted;
        *size = (size_t)sent;
        return STREAM_OK;
    }
    stream->may_write = false;
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        break_writing(stream, errno);
        return STREAM_FAILED;
    }
    return STREAM_AGAIN;
}

enum stream_result
stream_write_data(struct stream *stream, const void *data, size_t data_size, size_t *size)
{
    struct iovec piece = {.iov_base = (void *)(uintptr_t)data, .iov_len = data_size};
    return stream_write(stream, &piece, 1, size);
}

void
stream_shutdown_write(struct stream *stream)
{
    if (stream->is_write_shut || stream->fd < 0) {
        return;
    }
    stream->is_write_shut = true;
    stream->may_write = false;
    if (stream->has_failed) {
        return;
    }
    if (stream->tls == NULL || tls_session_shutdown(stream)) {
        shutdown(stream->fd, SHUT_WR);
    }
}

void
stream_close(struct stream *stream, bool reset)
{
    if (stream->fd < 0) {
        return;
    }
    if (stream->is_registered) {
        event_del(stream_event(stream));
    }
    if (stream->tls != NULL) {
        if (!reset && !stream->is_write_shut && !stream->has_failed && !stream->has_eof) {
            tls_session_shutdown(stream);
        }
        tls_session_free(stream->tls);
        stream->tls = NULL;
    }
    if (reset) {
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    close(stream->fd);
    stream->fd = -1;
    stream->is_registered = stream->may_read = stream->may_write = false;
}

enum err
stream_bytes_acked(const struct stream *stream, uint64_t *count)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (getsockopt(stream->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        size < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked) {
        return ERR_INVALID;
    }
    /* The kernel counts the SYN of a connection that it opened. */
    uint64_t acked = info.tcpi_bytes_acked;
    *count = stream->is_outgoing && acked > 0 ? acked - 1 : acked;
    return ERR_OK;
}

bool
stream_probe_closed(struct stream *stream)
{
    if (stream_peer_closed(stream)) {
        return true;
    }
    char byte;
    ssize_t got = recv(stream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (got < 0) {
        stream_fail(stream, errno);
        return true;
    }
    stream->may_read = true;
    stream->has_hangup |= got == 0;
    return true;
}

bool
stream_check_dead(struct stream *stream)
{
    return stream->has_failed || stream->is_write_broken || note_reset(stream);
}

enum err
stream_err(const struct stream *stream)
{
    if (!stream->has_failed && !stream->is_write_broken) {
        return ERR_OK;
    }
    return stream->error == EPROTO ? ERR_TLS : err_from_errno(stream->error);
}
