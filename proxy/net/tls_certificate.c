#include "proxy/net/tls_certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include "proxy/base/clock.h"
#include "proxy/base/digest.h"

enum { CHAIN_LIMIT = 16, SUBJECT_SIZE = 512 };

/* A loading under way, so that each step can say which file it was about. */
struct loading {
    const struct tls_files *files;
    char *why;
    size_t why_size;
};

const char *
tls_take_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return reason == NULL ? "unknown reason" : reason;
}

static enum err
fail(const struct loading *loading, enum err err, const char *file, const char *reason)
{
    snprintf(loading->why, loading->why_size, "%s: %s", file, reason);
    ERR_clear_error();
    return err;
}

static enum err
open_file(const struct loading *loading, const char *file, BIO **out)
{
    errno = 0;
    *out = BIO_new_file(file, "r");
    if (*out != NULL) {
        return ERR_OK;
    }
    int error = errno == 0 ? EIO : errno;
    return fail(loading, err_from_errno(error), file, strerror(error));
}

static enum err
read_chain(const struct loading *loading, BIO *bio, SSL_CTX *context)
{
    for (int i = 0; i < CHAIN_LIMIT; i++) {
        X509 *next = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (next == NULL) {
            bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
            const char *reason = tls_take_reason();
            return is_end ? ERR_OK
                          : fail(loading, ERR_INVALID, loading->files->certificate, reason);
        }
        if (SSL_CTX_add0_chain_cert(context, next) != 1) {
            X509_free(next);
            return fail(loading, ERR_INVALID, loading->files->certificate, tls_take_reason());
        }
    }
    return fail(loading, ERR_LIMIT, loading->files->certificate,
                "more than 16 certificates in the chain");
}

static enum err
load_certificates(const struct loading *loading, SSL_CTX *context, X509 **out)
{
    const char *file = loading->files->certificate;
    BIO *bio;
    enum err err = open_file(loading, file, &bio);
    if (err != ERR_OK) {
        return err;
    }
    X509 *leaf = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
    if (leaf == NULL) {
        err = fail(loading, ERR_INVALID, file, "holds no certificate in PEM form");
    } else if (SSL_CTX_use_certificate(context, leaf) != 1) {
        err = fail(loading, ERR_INVALID, file, tls_take_reason());
    } else {
        err = read_chain(loading, bio, context);
    }
    BIO_free(bio);
    if (err != ERR_OK) {
        X509_free(leaf);
        return err;
    }
    *out = leaf;
    return ERR_OK;
}

/* OpenSSL would ask at the terminal. */
static int
refuse_passphrase(char *buffer, int size, int is_writing, void *data)
{
    (void)buffer, (void)size, (void)is_writing;
    *(bool *)data = true;
    return -1;
}

static enum err
load_key(const struct loading *loading, SSL_CTX *context, X509 *leaf)
{
    const char *file = loading->files->key;
    BIO *bio;
    enum err err = open_file(loading, file, &bio);
    if (err != ERR_OK) {
        return err;
    }
    bool is_locked = false;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, &is_locked);
    BIO_free(bio);
    if (key == NULL) {
        return fail(loading, ERR_INVALID, file,
                    is_locked ? "the key has a passphrase; store it without one"
                              : "holds no private key in PEM form");
    }
    if (X509_check_private_key(leaf, key) != 1) {
        snprintf(loading->why, loading->why_size,
                 "%s: the key does not belong to the certificate in %s", file,
                 loading->files->certificate);
        ERR_clear_error();
        err = ERR_INVALID;
    } else if (SSL_CTX_use_PrivateKey(context, key) != 1) {
        err = fail(loading, ERR_INVALID, file, tls_take_reason());
    }
    EVP_PKEY_free(key);
    return err;
}

static uint64_t
seconds_of(const ASN1_TIME *asn1)
{
    struct tm parts;
    if (ASN1_TIME_to_tm(asn1, &parts) != 1) {
        return 0;
    }
    time_t seconds = timegm(&parts);
    return seconds > 0 ? (uint64_t)seconds : 0;
}

static enum err
check_validity(const struct loading *loading, const struct tls_certificate *made, uint64_t wall_s)
{
    bool is_expired = made->not_after_s <= wall_s;
    if (!is_expired && made->not_before_s <= wall_s) {
        return ERR_OK;
    }
    char when[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339((is_expired ? made->not_after_s : made->not_before_s) * 1000000, when);
    snprintf(loading->why, loading->why_size, "%s: the certificate %s %s", made->file,
             is_expired ? "expired at" : "is not valid before", when);
    return ERR_INVALID;
}

static char *
name_text(const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL) {
        return NULL;
    }
    char *text = NULL;
    if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
        const char *data;
        long size = BIO_get_mem_data(bio, &data);
        text = strndup(size > 0 ? data : "", size > 0 ? (size_t)size : 0);
    }
    BIO_free(bio);
    return text;
}

static char *
lower_name(const ASN1_STRING *string)
{
    size_t size = (size_t)ASN1_STRING_length(string);
    const char *data = (const char *)ASN1_STRING_get0_data(string);
    if (size == 0 || memchr(data, '\0', size) != NULL) {
        return NULL;
    }
    char *name = strndup(data, size);
    for (size_t i = 0; name != NULL && i < size; i++) {
        name[i] = span_lower(name[i]);
    }
    return name;
}

static void
add_name(struct tls_certificate *made, char **names, const ASN1_STRING *string)
{
    char *name = made->name_count < TLS_NAME_LIMIT ? lower_name(string) : NULL;
    if (name != NULL) {
        names[made->name_count++] = name;
    }
}

/* The subject's common name counts only where the certificate names no hosts (RFC 6125
 * section 6.4.4). */
static void
add_common_name(struct tls_certificate *made, char **names, X509 *leaf)
{
    const X509_NAME *subject = X509_get_subject_name(leaf);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0) {
        add_name(made, names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    }
}

static bool
collect_names(struct tls_certificate *made, X509 *leaf)
{
    char **names = calloc(TLS_NAME_LIMIT, sizeof *names);
    if (names == NULL) {
        return false;
    }
    made->names = (const char *const *)names;
    GENERAL_NAMES *others = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(others); i++) {
        const GENERAL_NAME *other = sk_GENERAL_NAME_value(others, i);
        if (other->type == GEN_DNS) {
            add_name(made, names, other->d.dNSName);
        }
    }
    if (others == NULL) {
        add_common_name(made, names, leaf);
    }
    GENERAL_NAMES_free(others);
    return true;
}

static enum err
describe(const struct loading *loading, X509 *leaf, struct tls_certificate *made)
{
    struct digest digest;
    unsigned size = sizeof digest.bytes;
    made->file = strdup(loading->files->certificate);
    made->key_file = strdup(loading->files->key);
    made->subject = name_text(X509_get_subject_name(leaf));
    made->issuer = name_text(X509_get_issuer_name(leaf));
    made->not_before_s = seconds_of(X509_get0_notBefore(leaf));
    made->not_after_s = seconds_of(X509_get0_notAfter(leaf));
    if (made->file == NULL || made->key_file == NULL || made->subject == NULL ||
        made->issuer == NULL || !collect_names(made, leaf) ||
        X509_digest(leaf, EVP_sha256(), digest.bytes, &size) != 1) {
        return fail(loading, ERR_NO_MEMORY, loading->files->certificate, err_text(ERR_NO_MEMORY));
    }
    digest_to_hex(&digest, made->fingerprint);
    return ERR_OK;
}

enum err
tls_certificate_load(const struct tls_files *files, uint64_t wall_s, SSL_CTX *context,
                     struct tls_certificate *out, char *why, size_t why_size)
{
    struct loading loading = {files, why, why_size};
    struct tls_certificate made = {.file = NULL};
    X509 *leaf = NULL;
    enum err err = load_certificates(&loading, context, &leaf);
    if (err != ERR_OK) {
        return err;
    }
    err = load_key(&loading, context, leaf);
    if (err == ERR_OK) {
        err = describe(&loading, leaf, &made);
    }
    if (err == ERR_OK) {
        err = check_validity(&loading, &made, wall_s);
    }
    X509_free(leaf);
    if (err != ERR_OK) {
        tls_certificate_fini(&made);
        return err;
    }
    *out = made;
    return ERR_OK;
}

static void
free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

void
tls_certificate_fini(struct tls_certificate *certificate)
{
    for (size_t i = 0; i < certificate->name_count; i++) {
        free_text(certificate->names[i]);
    }
    free((void *)(uintptr_t)certificate->names);
    free_text(certificate->file);
    free_text(certificate->key_file);
    free_text(certificate->subject);
    free_text(certificate->issuer);
    *certificate = (struct tls_certificate){.file = NULL};
}
