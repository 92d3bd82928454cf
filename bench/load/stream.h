/* A client's connection, plain or TLS, non-blocking. */
#ifndef BENCH_LOAD_STREAM_H
#define BENCH_LOAD_STREAM_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bench/common/net.h"

/* What stream_send and stream_recv return instead of a count. */
#define STREAM_AGAIN (-1) /* wait for the next event */
#define STREAM_END   (-2) /* the peer has closed */
#define STREAM_RESET (-3) /* the peer has reset, or never answered */
#define STREAM_TLS   (-4) /* TLS failed */

struct stream {
    int fd; /* -1: closed */
    SSL *ssl;
    SSL_SESSION *session; /* the last one given to us; outlives the connection */
};

/* The TLS settings of all streams: any certificate goes; sessions are kept if wanted. */
SSL_CTX *stream_tls_new(bool has_resumption);

/* Begins to connect; `tls` NULL for a plain one. False if that fails at once. */
bool stream_open(struct stream *stream, const struct net_address *address, SSL_CTX *tls);
void stream_close(struct stream *stream);

/* Forgets the session too. */
void stream_fini(struct stream *stream);

ssize_t stream_send(struct stream *stream, const char *bytes, size_t size);
ssize_t stream_recv(struct stream *stream, char *bytes, size_t size);

#endif
