#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <openssl/bio.h>
#include "proxy/net/tls_session_parts.h"

/* OpenSSL's way to the socket: reads come straight from it, records go to memory first. */

static BIO_METHOD *bio_method;
static pthread_once_t bio_method_once = PTHREAD_ONCE_INIT;

static int
bio_read(BIO *bio, char *data, int capacity)
{
    struct tls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (capacity <= 0) {
        return 0;
    }
    /* What a short read has drained is not asked again before an event says so. */
    if (!session->may_recv) {
        BIO_set_retry_read(bio);
        return -1;
    }
    struct stream *stream = session->stream;
    ssize_t got = recv(stream->fd, data, (size_t)capacity, 0);
    if (got > 0) {
        session->may_recv = got == capacity || stream->has_hangup;
        return (int)got;
    }
    if (got == 0) {
        session->is_cut = stream->has_hangup = true;
        return 0;
    }
    if (errno == EAGAIN || errno == EINTR) {
        session->may_recv = false;
        BIO_set_retry_read(bio);
        return -1;
    }
    session->error = errno;
    return -1;
}

/* Sends bytes; 0 when the socket takes none now. */
static size_t
send_some(struct tls_session *session, const char *data, size_t size)
{
    if (session->error != 0 || size == 0) {
        return 0;
    }
    ssize_t sent = send(session->stream->fd, data, size, MSG_NOSIGNAL);
    if (sent >= 0) {
        return (size_t)sent;
    }
    if (errno != EAGAIN && errno != EINTR) {
        session->error = errno;
    }
    return 0;
}

bool
tls_session_flush(struct tls_session *session)
{
    struct tls_thread *thread = session->thread;
    size_t made = thread->out_size;
    thread->out_size = 0;
    if (buf_size(&session->waiting) > 0) {
        struct span waiting = buf_span(&session->waiting);
        buf_consume(&session->waiting, send_some(session, waiting.data, waiting.size));
    }
    size_t sent = 0;
    if (buf_size(&session->waiting) == 0) {
        sent = send_some(session, thread->out, made);
    }
    if (sent < made && session->error == 0 &&
        !buf_append(&session->waiting, thread->out + sent, made - sent)) {
        session->error = ENOMEM;
    }
    if (buf_size(&session->waiting) > 0) {
        return false;
    }
    buf_fini(&session->waiting);
    return session->error == 0;
}

static int
bio_write(BIO *bio, const char *data, int size)
{
    struct tls_session *session = BIO_get_data(bio);
    struct tls_thread *thread = session->thread;
    BIO_clear_retry_flags(bio);
    const char *end = data + size;
    while (data < end) {
        size_t room = sizeof thread->out - thread->out_size;
        size_t part = (size_t)(end - data) < room ? (size_t)(end - data) : room;
        memcpy(thread->out + thread->out_size, data, part);
        thread->out_size += part;
        data += part;
        if (data < end) {
            tls_session_flush(session);
        }
    }
    return size;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static void
make_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "turnout stream");
    if (method != NULL && BIO_meth_set_read(method, bio_read) == 1 &&
        BIO_meth_set_write(method, bio_write) == 1 && BIO_meth_set_ctrl(method, bio_ctrl) == 1) {
        bio_method = method;
    }
}

BIO *
tls_bio_new(struct tls_session *session)
{
    pthread_once(&bio_method_once, make_bio_method);
    BIO *bio = bio_method == NULL ? NULL : BIO_new(bio_method);
    if (bio != NULL) {
        BIO_set_data(bio, session);
        BIO_set_init(bio, 1);
    }
    return bio;
}
