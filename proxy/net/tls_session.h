/*
 * tls_session: the TLS side of a stream. Records are encrypted into memory and sent from there, so
 * that OpenSSL never waits for the socket to take bytes; what the socket did not take is kept, and
 * until it is gone the last bytes of the caller count as not taken. For the files of this folder
 * only. One thread, that of the stream.
 */
#ifndef TURNOUT_NET_TLS_SESSION_H
#define TURNOUT_NET_TLS_SESSION_H

#include <openssl/ssl.h>
#include "proxy/net/stream.h"

/* stream_read and stream_write of a TLS stream. */
enum stream_result tls_session_read(struct stream *stream, char *data, size_t capacity,
                                    size_t *size);
enum stream_result tls_session_write(struct stream *stream, const struct iovec *pieces, int count,
                                     size_t *size);

/* The socket became ready: sends what waits, raises the stream's flags; true if one is new. */
bool tls_session_event(struct stream *stream, bool is_readable, bool is_writable);

/* Sends close_notify. True when all is out and the FIN may follow; else that is done when it is. */
bool tls_session_shutdown(struct stream *stream);

void tls_session_free(struct tls_session *session);

/* OpenSSL's callback that seals and opens tickets. */
int tls_session_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                       EVP_MAC_CTX *mac, int is_sealing);

#endif
