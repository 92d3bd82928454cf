/*
 * tls_certificate: one certificate with its chain and key, read, proved and described. For the
 * files of this folder only. Control thread.
 */
#ifndef TURNOUT_NET_TLS_CERTIFICATE_H
#define TURNOUT_NET_TLS_CERTIFICATE_H

#include <openssl/ssl.h>
#include "proxy/net/tls.h"

/* Reads the pair into the context and says in *out what it is, in memory of its own. */
enum err tls_certificate_load(const struct tls_files *files, uint64_t wall_s, SSL_CTX *context,
                              struct tls_certificate *out, char *why, size_t why_size);

void tls_certificate_fini(struct tls_certificate *certificate);

/* What OpenSSL's oldest queued error says, "unknown reason" when there is none; empties the queue.
 * Static storage. */
const char *tls_take_reason(void);

#endif
