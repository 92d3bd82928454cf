#include "proxy/base/digest.h"

#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "proxy/base/check.h"

void
digest_of(const struct span *pieces, size_t count, struct digest *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    CHECK(context != NULL);
    CHECK(EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    for (size_t i = 0; i < count; i++) {
        CHECK(EVP_DigestUpdate(context, pieces[i].data, pieces[i].size) == 1);
    }
    unsigned size = 0;
    CHECK(EVP_DigestFinal_ex(context, out->bytes, &size) == 1 && size == DIGEST_SIZE);
    EVP_MD_CTX_free(context);
}

void
digest_derive(struct span secret, struct span purpose, uint8_t *out, size_t size)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    CHECK(context != NULL);
    char hash_name[] = "SHA256";
    /* OSSL_PARAM takes its octets without const and only reads them. */
    void *key = (void *)(uintptr_t)secret.data;
    void *info = (void *)(uintptr_t)purpose.data;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash_name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key, secret.size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, purpose.size),
        OSSL_PARAM_construct_end(),
    };
    CHECK(EVP_KDF_derive(context, out, size, parameters) == 1);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
}

void
digest_to_hex(const struct digest *digest, char out[DIGEST_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        out[2 * i] = digits[digest->bytes[i] >> 4];
        out[2 * i + 1] = digits[digest->bytes[i] & 15];
    }
    out[2 * DIGEST_SIZE] = '\0';
}

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = span_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool
digest_from_hex(struct span hex, struct digest *out)
{
    struct digest digest;
    if (hex.size != 2 * DIGEST_SIZE) {
        return false;
    }
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        int high = hex_value(hex.data[2 * i]);
        int low = hex_value(hex.data[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        digest.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *out = digest;
    return true;
}
