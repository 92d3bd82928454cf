#include "proxy/net/stream.h"
#include "proxy/net/tls_session_parts.h"
#include "proxy/net/tls_store.h"

bool
stream_tls_is_ready(const struct stream *stream)
{
    return stream->tls != NULL && SSL_is_init_finished(stream->tls->ssl);
}

const char *
stream_tls_version(const struct stream *stream)
{
    return stream_tls_is_ready(stream) ? SSL_get_version(stream->tls->ssl) : "";
}

const char *
stream_tls_cipher(const struct stream *stream)
{
    return stream_tls_is_ready(stream) ? SSL_get_cipher_name(stream->tls->ssl) : "";
}

const char *
stream_tls_server_name(const struct stream *stream)
{
    const char *name = stream_tls_is_ready(stream)
                           ? SSL_get_servername(stream->tls->ssl, TLSEXT_NAMETYPE_host_name)
                           : NULL;
    return name == NULL ? "" : name;
}

bool
stream_tls_is_resumed(const struct stream *stream)
{
    return stream_tls_is_ready(stream) && SSL_session_reused(stream->tls->ssl) == 1;
}

const char *
stream_tls_failure(const struct stream *stream)
{
    return stream->tls == NULL || stream->tls->failure == NULL ? "" : stream->tls->failure;
}
