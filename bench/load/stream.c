#include "bench/load/stream.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/common/die.h"

static int
stream_session_new(SSL *ssl, SSL_SESSION *session)
{
    struct stream *stream = SSL_get_app_data(ssl);

    SSL_SESSION_free(stream->session);
    stream->session = session;
    return 1;
}

SSL_CTX *
stream_tls_new(bool has_resumption)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    if (!tls)
        die("no TLS context");
    SSL_CTX_set_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    if (has_resumption) {
        SSL_CTX_set_session_cache_mode(tls,
                                       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
        SSL_CTX_sess_set_new_cb(tls, stream_session_new);
    }
    return tls;
}

bool
stream_open(struct stream *stream, const struct net_address *address, SSL_CTX *tls)
{
    stream->fd = net_connect(address);
    if (stream->fd < 0 || !tls)
        return stream->fd >= 0;
    stream->ssl = SSL_new(tls);
    if (!stream->ssl || SSL_set_fd(stream->ssl, stream->fd) != 1)
        die("no TLS connection object");
    SSL_set_app_data(stream->ssl, stream);
    SSL_set_connect_state(stream->ssl);
    if (stream->session)
        SSL_set_session(stream->ssl, stream->session);
    return true;
}

void
stream_close(struct stream *stream)
{
    /* Without this OpenSSL takes a session that was not shut down as one not to resume. */
    if (stream->ssl)
        SSL_set_shutdown(stream->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(stream->ssl);
    stream->ssl = NULL;
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}

void
stream_fini(struct stream *stream)
{
    stream_close(stream);
    SSL_SESSION_free(stream->session);
    stream->session = NULL;
}

static ssize_t
stream_failure(void)
{
    return errno == EAGAIN ? STREAM_AGAIN : STREAM_RESET;
}

static ssize_t
stream_tls_failure(const struct stream *stream, int result)
{
    int why = SSL_get_error(stream->ssl, result);

    ERR_clear_error();
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return STREAM_AGAIN;
    if (why == SSL_ERROR_ZERO_RETURN)
        return STREAM_END;
    return why == SSL_ERROR_SYSCALL ? STREAM_RESET : STREAM_TLS;
}

static int
stream_clip(size_t size)
{
    return size > INT_MAX ? INT_MAX : (int)size;
}

ssize_t
stream_send(struct stream *stream, const char *bytes, size_t size)
{
    ssize_t sent;

    if (stream->ssl)
        sent = SSL_write(stream->ssl, bytes, stream_clip(size));
    else
        sent = send(stream->fd, bytes, size, MSG_NOSIGNAL);
    if (sent > 0)
        return sent;
    return stream->ssl ? stream_tls_failure(stream, (int)sent) : stream_failure();
}

ssize_t
stream_recv(struct stream *stream, char *bytes, size_t size)
{
    ssize_t got;

    if (stream->ssl)
        got = SSL_read(stream->ssl, bytes, stream_clip(size));
    else
        got = recv(stream->fd, bytes, size, 0);
    if (got > 0)
        return got;
    if (stream->ssl)
        return stream_tls_failure(stream, (int)got);
    return got == 0 ? STREAM_END : stream_failure();
}
