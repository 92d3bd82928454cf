/*
 * digest: SHA-256 (FIPS 180-4), key derivation (HKDF, RFC 5869) and hex. libcrypto does the work.
 * Any thread.
 */
#ifndef TURNOUT_BASE_DIGEST_H
#define TURNOUT_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proxy/base/span.h"

enum { DIGEST_SIZE = 32, DIGEST_HEX_SIZE = 65 };

struct digest {
    uint8_t bytes[DIGEST_SIZE];
};

/* SHA-256 of the concatenation of the pieces. */
void digest_of(const struct span *pieces, size_t count, struct digest *out);

/* HKDF-SHA256 of a secret for a purpose ("ticket-keys/4711"): `size` bytes, at most 255 * 32. */
void digest_derive(struct span secret, struct span purpose, uint8_t *out, size_t size);

/* Lower-case hex and NUL. */
void digest_to_hex(const struct digest *digest, char out[DIGEST_HEX_SIZE]);

/* 64 hex digits of either case; false otherwise and *out untouched. */
bool digest_from_hex(struct span hex, struct digest *out);

#endif
