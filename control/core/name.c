#include "control/core/name.h"

#include <stdlib.h>
#include <string.h>
#include "proxy/base/address.h"
#include "proxy/base/check.h"
#include "proxy/base/span.h"

static bool
name_is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool
name_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool
core_role_name_is_valid(const char *name)
{
    size_t size = strnlen(name, CORE_ROLE_SIZE);
    if (size >= CORE_ROLE_SIZE || !name_is_lower(name[0])) {
        return false;
    }
    for (size_t i = 1; i < size; i++) {
        if (!name_is_lower(name[i]) && !name_is_digit(name[i]) && name[i] != '-') {
            return false;
        }
    }
    return true;
}

static bool
name_is_word(char c)
{
    return name_is_lower(span_lower(c)) || name_is_digit(c) || c == '_';
}

bool
core_build_name_is_valid(const char *name)
{
    size_t size = strnlen(name, CORE_BUILD_SIZE);
    if (size >= CORE_BUILD_SIZE || !name_is_word(name[0])) {
        return false;
    }
    for (size_t i = 1; i < size; i++) {
        if (!name_is_word(name[i]) && name[i] != '.' && name[i] != '-') {
            return false;
        }
    }
    return true;
}

enum err
core_address_normalize(const char *text, char out[CORE_ADDRESS_SIZE])
{
    struct address address;
    const char *why;
    if (address_parse(span_of(text), &address, &why) != ERR_OK) {
        return ERR_INVALID;
    }
    if (!address_is_unix(&address) && address_port(&address) == 0) {
        return ERR_INVALID;
    }
    core_text_copy(out, CORE_ADDRESS_SIZE, address.text);
    return ERR_OK;
}

static int
name_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

void
core_addresses_sort(char (*addresses)[CORE_ADDRESS_SIZE], size_t count)
{
    if (count > 1) {
        qsort(addresses, count, sizeof addresses[0], name_compare);
    }
}

enum { NAME_PIECES_MAX = 2 * (CORE_ADDRESSES_MAX + 3) };

void
core_set_digest(const char *role, const char *build, char (*addresses)[CORE_ADDRESS_SIZE],
                size_t count, struct digest *out)
{
    struct span pieces[NAME_PIECES_MAX];
    size_t used = 0;
    CHECK(count <= CORE_ADDRESSES_MAX);
    core_addresses_sort(addresses, count);
    pieces[used++] = SPAN("turnout-set-1\n");
    pieces[used++] = span_of(role);
    pieces[used++] = SPAN("\n");
    pieces[used++] = span_of(build);
    pieces[used++] = SPAN("\n");
    for (size_t i = 0; i < count; i++) {
        pieces[used++] = span_of(addresses[i]);
        pieces[used++] = SPAN("\n");
    }
    digest_of(pieces, used, out);
}

bool
core_digest_is_none(const struct digest *digest)
{
    static const struct digest none;
    return core_digest_equal(digest, &none);
}

bool
core_digest_equal(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}

void
core_text_copy(char *out, size_t capacity, const char *text)
{
    size_t size = strlen(text);
    CHECK(capacity > 0);
    if (size >= capacity) {
        size = capacity - 1;
        /* A continuation byte of UTF-8 belongs to what is cut off before it. */
        while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
            size--;
        }
    }
    memmove(out, text, size);
    out[size] = '\0';
}
