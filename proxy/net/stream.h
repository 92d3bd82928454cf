/*
 * stream: one connection's bytes, cleartext or TLS behind the same calls. Embedded by value in its
 * owner, which closes it before it goes. Readiness is remembered: try first, wait only after
 * STREAM_AGAIN, and be told once by on_ready when may_read, may_write or has_hangup was gained. One
 * thread, that of its loop.
 *
 * Who stops reading although may_read is set (back-pressure, byte budget) is not called again for
 * it, nor for a reset behind it (stream_check_dead): it resumes by itself.
 */
#ifndef TURNOUT_NET_STREAM_H
#define TURNOUT_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include "proxy/base/err.h"
#include "proxy/net/loop.h"

struct tls_session;
struct tls_store;

enum stream_result {
    STREAM_OK,     /* *size bytes were read or taken, at least one */
    STREAM_AGAIN,  /* none now: on_ready tells when it is worth trying again, if the stream is
                      registered */
    STREAM_EOF,    /* the peer sends no more (FIN, close_notify); writing may still work */
    STREAM_FAILED, /* the connection is dead: stream->error; only stream_bytes_acked and
                      stream_close remain, and after stream_write in cleartext stream_read: what the
                      peer sent before it hung up, then STREAM_FAILED */
};

enum { STREAM_EVENT_WORDS = 16 };

struct stream {
    struct loop *loop;
    void (*on_ready)(struct stream *stream);
    struct tls_session *tls;  /* NULL: cleartext */
    int fd;                   /* -1: closed */
    int error;                /* errno of STREAM_FAILED; EPROTO for TLS */
    bool may_read : 1;        /* reading is worth a try */
    bool may_write : 1;       /* writing is worth a try */
    bool has_hangup : 1;      /* a FIN is known to stand behind what is still to be read */
    bool has_eof : 1;         /* STREAM_EOF was read */
    bool has_failed : 1;      /* STREAM_FAILED was returned, and there is nothing more to read */
    bool is_write_broken : 1; /* stream_write has returned STREAM_FAILED */
    bool is_registered : 1;
    bool is_outgoing : 1;   /* made by connect_start */
    bool is_write_shut : 1; /* stream_shutdown_write was called */
    uint64_t event[STREAM_EVENT_WORDS];
};

/* Takes over a connected, non-blocking socket, which then counts as ready for both. Makes no system
 * call. */
void stream_init(struct stream *stream, struct loop *loop, int fd,
                 void (*on_ready)(struct stream *stream));

/* Begins to watch the socket, until stream_close; what is ready by then is reported too. No harm if
 * it is watched already. A stream that never has to wait need not be registered. ERR_NO_MEMORY or
 * ERR_LIMIT leaves it unwatched. */
enum err stream_register(struct stream *stream);

/* Reads up to `capacity` bytes. A read that does not fill it clears may_read, unless a FIN is known
 * behind it. Only a reset that came together with the last bytes is not seen by that rule: who
 * needs more than it got calls stream_expect_more. */
enum stream_result stream_read(struct stream *stream, void *data, size_t capacity, size_t *size);

/* The message is not complete: try to read once more although the last read was short. To be called
 * only after STREAM_OK. */
static inline void
stream_expect_more(struct stream *stream)
{
    stream->may_read = true;
}

enum { STREAM_PIECE_LIMIT = 64 };

/* Writes as much as goes of at most STREAM_PIECE_LIMIT pieces. What was not taken is the caller's
 * to keep: on TLS it must be offered again unchanged (it may be at another place, and more may
 * follow it), since it may be encrypted already. Never raises SIGPIPE. */
enum stream_result stream_write(struct stream *stream, const struct iovec *pieces, int count,
                                size_t *size);

/* One piece. */
enum stream_result stream_write_data(struct stream *stream, const void *data, size_t data_size,
                                     size_t *size);

/* Ends our direction (close_notify, FIN) after all that was taken. Reading goes on. */
void stream_shutdown_write(struct stream *stream);

/* Closes; with `reset` the peer gets an RST and unsent bytes are dropped. No callback follows. No
 * harm if it is closed. */
void stream_close(struct stream *stream, bool reset);

/* Puts TLS, server side, onto a stream from which nothing was read yet; takes a reference to the
 * store. The handshake is driven by stream_read and stream_write. */
enum err stream_start_tls(struct stream *stream, struct tls_store *store);

static inline bool
stream_is_tls(const struct stream *stream)
{
    return stream->tls != NULL;
}

/* For the access log; "" without TLS or before the end of the handshake. Valid until stream_close.
 */
const char *stream_tls_version(const struct stream *stream);     /* "TLSv1.3" */
const char *stream_tls_cipher(const struct stream *stream);      /* "TLS_AES_128_GCM_SHA256" */
const char *stream_tls_server_name(const struct stream *stream); /* SNI as sent; "" for none */
bool stream_tls_is_resumed(const struct stream *stream);
bool stream_tls_is_ready(const struct stream *stream); /* the handshake is done */

/* Why TLS failed ("no shared cipher"), after STREAM_FAILED; "" for none. Static storage. */
const char *stream_tls_failure(const struct stream *stream);

/* Bytes of ours that the peer's kernel has acknowledged, also after a reset. ERR_INVALID on Unix
 * sockets. Zero proves that nothing was delivered only together with a FIN (has_hangup, has_eof):
 * that FIN was sent before our bytes came. After a bare RST it does not, since acknowledgements may
 * be delayed. */
enum err stream_bytes_acked(const struct stream *stream, uint64_t *count);

/* Whether a registered connection that should be quiet has seen a FIN, an error or bytes, by what
 * events told. No system call. */
static inline bool
stream_peer_closed(const struct stream *stream)
{
    return stream->may_read || stream->has_hangup || stream->has_eof || stream->has_failed;
}

/* The same by asking the kernel: one system call, sees what no turn has told yet. */
bool stream_probe_closed(struct stream *stream);

/* Whether the connection has been reset, of a stream that is not being read: one system call. Bytes
 * and a FIN leave it alive. */
bool stream_check_dead(struct stream *stream);

/* enum err of stream->error. */
enum err stream_err(const struct stream *stream);

#endif
