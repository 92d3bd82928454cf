#include "proxy/net/tls.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include "proxy/base/check.h"
#include "proxy/net/tls_certificate.h"
#include "proxy/net/tls_session.h"
#include "proxy/net/tls_store.h"

/* One host name and the certificate that answers to it. */
struct host_entry {
    const char *name;
    size_t index;
};

struct tls_store {
    atomic_size_t references;
    size_t count; /* certificates loaded */
    size_t context_count;
    SSL_CTX **contexts;
    struct tls_certificate *certificates;
    struct host_entry *hosts; /* sorted by name, no name twice */
    size_t host_count;
    EVP_CIPHER *ticket_cipher;
    char *secret;
    size_t secret_size;
};

static const char default_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const unsigned char session_scope[] = "turnout";

struct span
tls_store_secret(const struct tls_store *store)
{
    return (struct span){store->secret, store->secret_size};
}

const EVP_CIPHER *
tls_store_ticket_cipher(const struct tls_store *store)
{
    return store->ticket_cipher;
}

static int
compare_hosts(const void *a, const void *b)
{
    const struct host_entry *left = a;
    const struct host_entry *right = b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

static int
compare_name(const void *name, const void *entry)
{
    return strcmp(name, ((const struct host_entry *)entry)->name);
}

static bool
find_host(const struct tls_store *store, const char *name, size_t *index)
{
    const struct host_entry *found =
        bsearch(name, store->hosts, store->host_count, sizeof *store->hosts, compare_name);
    if (found == NULL) {
        return false;
    }
    *index = found->index;
    return true;
}

size_t
tls_store_choose(const struct tls_store *store, struct span server_name)
{
    char name[257];
    if (server_name.size > 0 && server_name.data[server_name.size - 1] == '.') {
        server_name.size--;
    }
    if (server_name.size == 0 || !span_to_string(server_name, name + 1, sizeof name - 1)) {
        return 0;
    }
    for (char *c = name + 1; *c != '\0'; c++) {
        *c = span_lower(*c);
    }
    size_t index;
    if (find_host(store, name + 1, &index)) {
        return index;
    }
    /* A wildcard stands for exactly one whole label, the first (RFC 6125 section 6.4.3). */
    char *dot = strchr(name + 1, '.');
    if (dot == NULL || dot == name + 1) {
        return 0;
    }
    dot[-1] = '*';
    return find_host(store, dot - 1, &index) ? index : 0;
}

static int
on_server_name(SSL *ssl, int *alert, void *arg)
{
    (void)alert;
    const struct tls_store *store = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == NULL) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    size_t index = tls_store_choose(store, span_of(name));
    if (index != 0) {
        SSL_set_SSL_CTX(ssl, store->contexts[index]);
    }
    return SSL_TLSEXT_ERR_OK;
}

/* A client that offers protocols, but not this one, is refused (RFC 7301 section 3.2). */
static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_size, const unsigned char *offered,
        unsigned offered_size, void *arg)
{
    (void)ssl, (void)arg;
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_size, ours, sizeof ours - 1, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool
set_rules(SSL_CTX *context, const struct tls_options *options)
{
    bool is_1_3 = options->min_version == TLS_VERSION_1_3;
    const char *ciphers = options->ciphers == NULL ? default_ciphers : options->ciphers;
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_min_proto_version(context, is_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, ciphers) == 1 &&
           (options->suites == NULL || SSL_CTX_set_ciphersuites(context, options->suites) == 1);
}

static bool
set_tickets(SSL_CTX *context, const struct tls_options *options)
{
    if (options->secret.size == 0) {
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
        return SSL_CTX_set_num_tickets(context, 0) == 1;
    }
    SSL_CTX_set_timeout(context, TLS_TICKET_PERIOD_S);
    return SSL_CTX_set_num_tickets(context, 1) == 1 &&
           SSL_CTX_set_session_id_context(context, session_scope, sizeof session_scope - 1) == 1 &&
           SSL_CTX_set_tlsext_ticket_key_evp_cb(context, tls_session_ticket) == 1;
}

static SSL_CTX *
new_context(struct tls_store *store, const struct tls_options *options, char *why, size_t why_size)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL || !set_rules(context, options) || !set_tickets(context, options)) {
        snprintf(why, why_size, "TLS settings (ciphers \"%s\", suites \"%s\"): %s",
                 options->ciphers == NULL ? default_ciphers : options->ciphers,
                 options->suites == NULL ? "" : options->suites, tls_take_reason());
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_tlsext_servername_callback(context, on_server_name);
    SSL_CTX_set_tlsext_servername_arg(context, store);
    SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
    return context;
}

static enum err
load_all(struct tls_store *store, const struct tls_options *options, char *why, size_t why_size)
{
    for (size_t i = 0; i < options->pair_count; i++) {
        SSL_CTX *context = new_context(store, options, why, why_size);
        if (context == NULL) {
            return ERR_INVALID;
        }
        store->contexts[store->context_count++] = context;
        enum err err = tls_certificate_load(&options->pairs[i], options->wall_s, context,
                                            &store->certificates[i], why, why_size);
        if (err != ERR_OK) {
            return err;
        }
        store->count = i + 1;
    }
    return ERR_OK;
}

/* Sorts the names; of those that are there twice the one loaded first stays. */
static bool
index_hosts(struct tls_store *store)
{
    size_t total = 0;
    for (size_t i = 0; i < store->count; i++) {
        total += store->certificates[i].name_count;
    }
    store->hosts = calloc(total + 1, sizeof *store->hosts);
    if (store->hosts == NULL) {
        return false;
    }
    size_t filled = 0;
    for (size_t i = 0; i < store->count; i++) {
        for (size_t j = 0; j < store->certificates[i].name_count; j++) {
            store->hosts[filled++] = (struct host_entry){store->certificates[i].names[j], i};
        }
    }
    qsort(store->hosts, filled, sizeof *store->hosts, compare_hosts);
    for (size_t i = 0; i < filled; i++) {
        size_t kept = store->host_count;
        if (kept == 0 || strcmp(store->hosts[kept - 1].name, store->hosts[i].name) != 0) {
            store->hosts[store->host_count++] = store->hosts[i];
        }
    }
    return true;
}

static bool
prepare(struct tls_store *store, const struct tls_options *options)
{
    atomic_init(&store->references, 1);
    store->contexts = calloc(options->pair_count, sizeof(SSL_CTX *));
    store->certificates = calloc(options->pair_count, sizeof *store->certificates);
    store->ticket_cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    store->secret = malloc(options->secret.size + 1);
    if (store->contexts == NULL || store->certificates == NULL || store->ticket_cipher == NULL ||
        store->secret == NULL) {
        return false;
    }
    memcpy(store->secret, options->secret.size == 0 ? "" : options->secret.data,
           options->secret.size);
    store->secret_size = options->secret.size;
    return true;
}

enum err
tls_store_new(const struct tls_options *options, struct tls_store **out, char *why, size_t why_size)
{
    if (options->pair_count == 0 || options->pair_count > TLS_PAIR_LIMIT) {
        snprintf(why, why_size, "TLS needs 1 to %d certificates, found %zu", TLS_PAIR_LIMIT,
                 options->pair_count);
        return ERR_INVALID;
    }
    struct tls_store *store = calloc(1, sizeof *store);
    enum err err = ERR_NO_MEMORY;
    snprintf(why, why_size, "%s", err_text(err));
    if (store != NULL && prepare(store, options)) {
        err = load_all(store, options, why, why_size);
        if (err == ERR_OK && !index_hosts(store)) {
            snprintf(why, why_size, "%s", err_text(ERR_NO_MEMORY));
            err = ERR_NO_MEMORY;
        }
    }
    if (err != ERR_OK) {
        tls_store_unref(store);
        return err;
    }
    *out = store;
    return ERR_OK;
}

struct tls_store *
tls_store_ref(struct tls_store *store)
{
    atomic_fetch_add_explicit(&store->references, 1, memory_order_relaxed);
    return store;
}

static void
destroy(struct tls_store *store)
{
    for (size_t i = 0; i < store->count; i++) {
        tls_certificate_fini(&store->certificates[i]);
    }
    for (size_t i = 0; store->contexts != NULL && i < store->context_count; i++) {
        SSL_CTX_free(store->contexts[i]);
    }
    EVP_CIPHER_free(store->ticket_cipher);
    if (store->secret != NULL) {
        OPENSSL_cleanse(store->secret, store->secret_size);
    }
    free(store->secret);
    free(store->hosts);
    free(store->certificates);
    free(store->contexts);
    free(store);
}

void
tls_store_unref(struct tls_store *store)
{
    if (store != NULL &&
        atomic_fetch_sub_explicit(&store->references, 1, memory_order_acq_rel) == 1) {
        destroy(store);
    }
}

size_t
tls_store_list(const struct tls_store *store, const struct tls_certificate **out)
{
    *out = store->certificates;
    return store->count;
}

SSL *
tls_store_session(const struct tls_store *store)
{
    return SSL_new(store->contexts[0]);
}
