#include "proxy/net/tls_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <openssl/err.h>
#include "proxy/base/buf.h"
#include "proxy/base/check.h"
#include "proxy/net/stream_parts.h"
#include "proxy/net/tls_certificate.h"
#include "proxy/net/tls_session_parts.h"
#include "proxy/net/tls_store.h"

/* A peer that makes us answer (key updates, alerts) but does not read is not listened to any more
 * beyond this. */
enum { WAITING_LIMIT = 64 * 1024 };

enum err
stream_start_tls(struct stream *stream, struct tls_store *store)
{
    CHECK(stream->tls == NULL);
    struct tls_session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        return ERR_NO_MEMORY;
    }
    session->stream = stream;
    session->thread = tls_thread_of(stream->loop);
    session->ssl = tls_store_session(store);
    BIO *bio = tls_bio_new(session);
    if (session->thread == NULL || session->ssl == NULL || bio == NULL) {
        BIO_free(bio);
        tls_session_free(session);
        ERR_clear_error();
        return ERR_NO_MEMORY;
    }
    session->store = tls_store_ref(store);
    session->may_recv = true;
    buf_init(&session->waiting);
    SSL_set_bio(session->ssl, bio, bio);
    SSL_set_app_data(session->ssl, session);
    SSL_set_accept_state(session->ssl);
    stream->tls = session;
    stream->may_read = stream->may_write = true;
    return ERR_OK;
}

void
tls_session_free(struct tls_session *session)
{
    if (session == NULL) {
        return;
    }
    SSL_free(session->ssl);
    buf_fini(&session->waiting);
    tls_store_unref(session->store);
    free(session);
}

/* What a failed call of OpenSSL means; notes an end for good in the session. */
static enum stream_result
explain(struct tls_session *session, int result)
{
    int error = SSL_get_error(session->ssl, result);
    if (error == SSL_ERROR_WANT_READ) {
        return STREAM_AGAIN;
    }
    if (error == SSL_ERROR_ZERO_RETURN || (error == SSL_ERROR_SYSCALL && session->is_cut)) {
        session->is_ended = true;
        return STREAM_EOF;
    }
    if (error == SSL_ERROR_SSL) {
        session->failure = tls_take_reason();
        session->error = EPROTO;
    }
    ERR_clear_error();
    if (session->error == 0) {
        session->error = EPROTO;
    }
    return STREAM_FAILED;
}

/* Decrypts until the caller is full or no whole record is there. */
static enum stream_result
decrypt(struct tls_session *session, char *data, size_t capacity, size_t *total)
{
    while (*total < capacity) {
        size_t got = 0;
        int result = SSL_read_ex(session->ssl, data + *total, capacity - *total, &got);
        if (result != 1) {
            return explain(session, result);
        }
        *total += got;
    }
    return STREAM_OK;
}

static enum stream_result
end_read(struct stream *stream, enum stream_result result)
{
    if (result == STREAM_FAILED) {
        return stream_fail(stream, stream->tls->error);
    }
    stream->may_read = false;
    if (result == STREAM_EOF) {
        stream->has_hangup = stream->has_eof = true;
    }
    return result;
}

enum stream_result
tls_session_read(struct stream *stream, char *data, size_t capacity, size_t *size)
{
    struct tls_session *session = stream->tls;
    if (session->is_ended) {
        return end_read(stream, STREAM_EOF);
    }
    if (buf_size(&session->waiting) > WAITING_LIMIT && !tls_session_flush(session) &&
        session->error == 0) {
        session->read_waits_flush = true;
        stream->may_read = false;
        return STREAM_AGAIN;
    }
    size_t total = 0;
    enum stream_result result =
        session->error != 0 ? STREAM_FAILED : decrypt(session, data, capacity, &total);
    tls_session_flush(session);
    if (total == 0) {
        return end_read(stream, session->error != 0 ? STREAM_FAILED : result);
    }
    /* An end that stands behind these bytes is told by the next read. */
    stream->may_read = result != STREAM_AGAIN || session->error != 0;
    *size = total;
    return STREAM_OK;
}

/* Position in the caller's pieces. */
struct cursor {
    const struct iovec *pieces;
    int count;
    size_t offset; /* in the first one */
};

static void
cursor_skip(struct cursor *cursor, size_t size)
{
    while (cursor->count > 0 && size >= cursor->pieces->iov_len - cursor->offset) {
        size -= cursor->pieces->iov_len - cursor->offset;
        cursor->pieces++;
        cursor->count--;
        cursor->offset = 0;
    }
    cursor->offset += size;
}

/* The next run of bytes to encrypt, at most `limit`: a large piece as it is, small ones put
 * together so that a head and its body share a record. */
static struct span
cursor_next(struct cursor cursor, char *room, size_t limit)
{
    size_t first = cursor.count > 0 ? cursor.pieces->iov_len - cursor.offset : 0;
    if (first >= TLS_RECORD_SIZE || cursor.count <= 1) {
        const char *data =
            cursor.count > 0 ? (const char *)cursor.pieces->iov_base + cursor.offset : "";
        return (struct span){data, first < limit ? first : limit};
    }
    limit = limit < TLS_RECORD_SIZE ? limit : TLS_RECORD_SIZE;
    size_t filled = 0;
    while (cursor.count > 0 && filled < limit) {
        size_t part = cursor.pieces->iov_len - cursor.offset;
        part = part < limit - filled ? part : limit - filled;
        memcpy(room + filled, (const char *)cursor.pieces->iov_base + cursor.offset, part);
        filled += part;
        cursor_skip(&cursor, part);
    }
    return (struct span){room, filled};
}

/* Encrypts up to a batch; *batch counts what went in. */
static enum stream_result
encrypt(struct tls_session *session, struct cursor *cursor, size_t *batch)
{
    while (*batch < TLS_BATCH_SIZE) {
        struct span run = cursor_next(*cursor, session->thread->plain, TLS_BATCH_SIZE - *batch);
        if (run.size == 0) {
            return STREAM_OK;
        }
        size_t written = 0;
        int result = SSL_write_ex(session->ssl, run.data, run.size, &written);
        if (result != 1) {
            return explain(session, result);
        }
        cursor_skip(cursor, written);
        *batch += written;
    }
    return STREAM_OK;
}

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Encrypts and sends batch by batch until the socket is full. What is encrypted but waits, with the
 * record that went out in part, counts as not taken: the caller, who offers it again, must not
 * think that closing is safe. */
static enum stream_result
write_batches(struct tls_session *session, struct cursor *cursor, size_t *total)
{
    for (;;) {
        size_t batch = 0;
        enum stream_result result = encrypt(session, cursor, &batch);
        bool is_out = tls_session_flush(session);
        size_t left = buf_size(&session->waiting);
        session->encrypted = is_out ? 0 : smaller(batch, left + TLS_RECORD_SIZE);
        *total += batch - session->encrypted;
        if (result != STREAM_OK || session->error != 0) {
            return session->error != 0 ? STREAM_FAILED : result;
        }
        if (batch == 0 || !is_out) {
            return is_out ? STREAM_OK : STREAM_AGAIN;
        }
    }
}

enum stream_result
tls_session_write(struct stream *stream, const struct iovec *pieces, int count, size_t *size)
{
    struct tls_session *session = stream->tls;
    struct cursor cursor = {pieces, count, 0};
    size_t total = 0;
    enum stream_result result = STREAM_AGAIN;
    if (tls_session_flush(session)) {
        /* Bytes that were encrypted by an earlier call are out now. */
        size_t offered = 0;
        for (int i = 0; i < count; i++) {
            offered += pieces[i].iov_len;
        }
        total = session->encrypted < offered ? session->encrypted : offered;
        session->encrypted -= total;
        cursor_skip(&cursor, total);
        result = session->encrypted > 0 ? STREAM_OK : write_batches(session, &cursor, &total);
    }
    if (session->error != 0 || result == STREAM_FAILED || result == STREAM_EOF) {
        return stream_fail(stream, session->error != 0 ? session->error : EPIPE);
    }
    stream->may_write = result == STREAM_OK;
    session->write_waits_read = result == STREAM_AGAIN && !SSL_is_init_finished(session->ssl);
    if (SSL_has_pending(session->ssl) && !stream->has_eof) {
        stream->may_read = true; /* a handshake driven from here may have received more */
    }
    *size = total > 0 ? total : *size;
    return total > 0 ? STREAM_OK : STREAM_AGAIN;
}

static bool
gain_read(struct stream *stream)
{
    if (stream->may_read || stream->has_eof) {
        return false;
    }
    stream->may_read = true;
    return true;
}

static bool
gain_write(struct stream *stream)
{
    if (stream->may_write || stream->is_write_shut) {
        return false;
    }
    stream->may_write = true;
    return true;
}

static bool
become_writable(struct stream *stream)
{
    struct tls_session *session = stream->tls;
    if (!tls_session_flush(session)) {
        if (session->error == 0) {
            return false;
        }
        stream_fail(stream, session->error);
        return true;
    }
    bool is_new = !session->write_waits_read && gain_write(stream);
    if (session->read_waits_flush) {
        session->read_waits_flush = false;
        is_new |= gain_read(stream);
    }
    if (session->shutdown_waits_flush) {
        session->shutdown_waits_flush = false;
        shutdown(stream->fd, SHUT_WR);
    }
    return is_new;
}

bool
tls_session_event(struct stream *stream, bool is_readable, bool is_writable)
{
    struct tls_session *session = stream->tls;
    bool is_new = false;
    if (is_readable) {
        session->may_recv = true;
        is_new = !session->read_waits_flush && gain_read(stream);
        is_new |= session->write_waits_read && gain_write(stream);
    }
    if (is_writable) {
        is_new |= become_writable(stream);
    }
    return is_new;
}

bool
tls_session_shutdown(struct stream *stream)
{
    struct tls_session *session = stream->tls;
    if (session->error == 0 && SSL_is_init_finished(session->ssl)) {
        SSL_shutdown(session->ssl);
        ERR_clear_error();
    }
    bool is_out = tls_session_flush(session);
    session->shutdown_waits_flush = !is_out && session->error == 0;
    return !session->shutdown_waits_flush;
}
