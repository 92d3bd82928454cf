/*
 * tls_store: what sessions need of a store, for the files of this folder only.
 */
#ifndef TURNOUT_NET_TLS_STORE_H
#define TURNOUT_NET_TLS_STORE_H

#include <openssl/ssl.h>
#include "proxy/net/tls.h"

/* A new session of the default certificate; SNI may change it in the handshake. NULL when out of
 * memory. */
SSL *tls_store_session(const struct tls_store *store);

struct span tls_store_secret(const struct tls_store *store);

/* Ciphers of tickets, fetched once. */
const EVP_CIPHER *tls_store_ticket_cipher(const struct tls_store *store);

#endif
