/*
 * name: which names of roles, builds and instances there are, and how they are written. Pure; any
 * thread; nothing is owned.
 */
#ifndef TURNOUT_CORE_NAME_H
#define TURNOUT_CORE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include "proxy/base/digest.h"
#include "proxy/base/err.h"

/* Capacities with the NUL. */
enum {
    CORE_ROLE_SIZE = 33,
    CORE_BUILD_SIZE = 129,
    CORE_ADDRESS_SIZE = 120,
    CORE_NAME_SIZE = CORE_ROLE_SIZE + CORE_BUILD_SIZE + 10,
    CORE_BY_SIZE = 128,
    CORE_TEXT_SIZE = 512,
    CORE_ADDRESSES_MAX = 256 /* of one set */
};

/* [a-z][a-z0-9-]{0,31} */
bool core_role_name_is_valid(const char *name);

/* [A-Za-z0-9_][A-Za-z0-9_.-]{0,127} */
bool core_build_name_is_valid(const char *name);

/* Reads "IPv4:port", "[IPv6]:port" or "unix:/path" and writes its one spelling (RFC 5952 for IPv6,
 * no leading zeros). ERR_INVALID for anything else, host names among it, and for port 0. */
enum err core_address_normalize(const char *text, char out[CORE_ADDRESS_SIZE]);

/* Sorts bytewise in place. */
void core_addresses_sort(char (*addresses)[CORE_ADDRESS_SIZE], size_t count);

/* SHA-256 of the canonical form: "turnout-set-1", role, build and the addresses, normalized and
 * sorted bytewise, each followed by a newline. Sorts `addresses` in place; the order in which they
 * were given does not matter. */
void core_set_digest(const char *role, const char *build, char (*addresses)[CORE_ADDRESS_SIZE],
                     size_t count, struct digest *out);

bool core_digest_is_none(const struct digest *digest);
bool core_digest_equal(const struct digest *a, const struct digest *b);

/* Copies, cutting at the end of a character of UTF-8 when it does not fit. */
void core_text_copy(char *out, size_t capacity, const char *text);

#endif
