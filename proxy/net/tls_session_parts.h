/*
 * tls_session_parts: what a TLS session is made of, for the files of this folder only.
 */
#ifndef TURNOUT_NET_TLS_SESSION_PARTS_H
#define TURNOUT_NET_TLS_SESSION_PARTS_H

#include "proxy/base/buf.h"
#include "proxy/net/tls_session.h"
#include "proxy/net/tls_thread.h"

struct tls_session {
    SSL *ssl;
    struct stream *stream;
    struct tls_store *store;
    struct tls_thread *thread;
    struct buf waiting;  /* records that the socket did not take yet */
    size_t encrypted;    /* the caller's bytes in there that count as not taken */
    const char *failure; /* OpenSSL's reason */
    int error;           /* errno, EPROTO: the session is dead */
    bool may_recv;       /* the socket may have more */
    bool is_cut;         /* the FIN was received */
    bool is_ended;       /* the peer sends no more */
    bool read_waits_flush;
    bool write_waits_read; /* the handshake is not done */
    bool shutdown_waits_flush;
};

/* The session's way to its socket; NULL when out of memory. */
BIO *tls_bio_new(struct tls_session *session);

/* Sends what waits and what was just made, in this order; true when nothing is left. */
bool tls_session_flush(struct tls_session *session);

#endif
