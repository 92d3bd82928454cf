/* How tickets are sealed and opened: AES-256-CBC with HMAC-SHA-256 (RFC 5077 section 4). */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>
#include "proxy/base/random.h"
#include "proxy/net/tls_session_parts.h"
#include "proxy/net/tls_store.h"

enum { TICKET_FAILED = -1, TICKET_UNKNOWN = 0, TICKET_OK = 1, TICKET_RENEW = 2 };

static bool
set_mac(EVP_MAC_CTX *mac, const struct tls_ticket_key *key)
{
    char digest[] = "SHA256";
    uint8_t bytes[TLS_TICKET_KEY_SIZE];
    memcpy(bytes, key->mac, sizeof bytes);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, bytes, sizeof bytes),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

int
tls_session_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                   EVP_MAC_CTX *mac, int is_sealing)
{
    struct tls_session *session = SSL_get_app_data(ssl);
    const struct tls_ticket_ring *ring = tls_thread_ring(session->thread, session->store);
    const EVP_CIPHER *method = tls_store_ticket_cipher(session->store);
    const struct tls_ticket_key *key = &ring->current;
    if (is_sealing) {
        memcpy(name, key->name, TLS_TICKET_NAME_SIZE);
        random_fill(iv, (size_t)EVP_CIPHER_get_iv_length(method));
    } else {
        key = tls_ticket_ring_find(ring, name);
        if (key == NULL) {
            return TICKET_UNKNOWN;
        }
    }
    if (EVP_CipherInit_ex(cipher, method, NULL, key->cipher, iv, is_sealing ? 1 : 0) != 1 ||
        !set_mac(mac, key)) {
        return TICKET_FAILED;
    }
    /* Clients use a ticket of TLS 1.3 once only (RFC 8446 appendix C.4). */
    bool is_renewed = key != &ring->current || SSL_version(ssl) == TLS1_3_VERSION;
    return !is_sealing && is_renewed ? TICKET_RENEW : TICKET_OK;
}
