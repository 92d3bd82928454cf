/*
 * tls: certificates and rules of a listener's TLS, server side, TLS 1.2 and 1.3. A store is built
 * and proved by the control thread, immutable, counted by references, used by any thread. Sessions
 * are resumed by stateless tickets whose keys derive from a secret, so that every worker, successor
 * and node that has the secret resumes them.
 */
#ifndef TURNOUT_NET_TLS_H
#define TURNOUT_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proxy/base/err.h"
#include "proxy/base/span.h"

enum tls_version { TLS_VERSION_1_2, TLS_VERSION_1_3 };

enum { TLS_TICKET_PERIOD_S = 8 * 3600, TLS_PAIR_LIMIT = 1024, TLS_NAME_LIMIT = 256 };

struct tls_files {
    const char *certificate; /* PEM: the certificate, then its chain */
    const char *key;         /* PEM, without passphrase */
};

struct tls_options {
    const struct tls_files
        *pairs; /* the first is for clients that name no host or an unknown one */
    size_t pair_count;
    enum tls_version min_version;
    const char *ciphers; /* OpenSSL's names for TLS 1.2, NULL: forward secret AEAD ones */
    const char *suites;  /* TLS 1.3, NULL: OpenSSL's */
    struct span secret;  /* of the ticket keys, copied; empty: no resumption */
    uint64_t wall_s;     /* now, seconds since 1970: an expired certificate is refused */
};

struct tls_store;

/* Loads and proves: files parse, keys match, validity covers now. On error `why` names the file and
 * the reason. */
enum err tls_store_new(const struct tls_options *options, struct tls_store **out, char *why,
                       size_t why_size);
struct tls_store *tls_store_ref(struct tls_store *store);
void tls_store_unref(struct tls_store *store);

/* What a store holds of one certificate; lives as long as the store. */
struct tls_certificate {
    const char *file;
    const char *key_file;
    const char *const *names; /* DNS names it is for, lower case, possibly "*.example.org" */
    size_t name_count;
    const char *subject; /* RFC 2253 */
    const char *issuer;
    uint64_t not_before_s; /* seconds since 1970 */
    uint64_t not_after_s;
    char fingerprint[65]; /* SHA-256 of the certificate, hex */
};

/* `certificates list`, in the order of loading. */
size_t tls_store_list(const struct tls_store *store, const struct tls_certificate **out);

/* Which certificate a client that names this host gets: an exact name, else a wildcard for its
 * first label, else the first one. */
size_t tls_store_choose(const struct tls_store *store, struct span server_name);

#endif
