#include "proxy/base/span.h"

enum { SPAN_U64_DIGITS = 19 };

bool
span_equal_nocase(struct span a, struct span b)
{
    if (a.size != b.size) {
        return false;
    }
    for (size_t i = 0; i < a.size; i++) {
        if (span_lower(a.data[i]) != span_lower(b.data[i])) {
            return false;
        }
    }
    return true;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct span
span_trim(struct span text)
{
    while (text.size > 0 && is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && is_blank(text.data[text.size - 1])) {
        text.size--;
    }
    return text;
}

bool
span_next_element(struct span *rest, struct span *element)
{
    while (rest->size > 0) {
        const char *comma = memchr(rest->data, ',', rest->size);
        size_t size = comma == NULL ? rest->size : (size_t)(comma - rest->data);
        struct span found = span_trim((struct span){rest->data, size});
        size_t taken = comma == NULL ? size : size + 1;
        rest->data += taken;
        rest->size -= taken;
        if (found.size > 0) {
            *element = found;
            return true;
        }
    }
    return false;
}

bool
span_to_u64(struct span text, uint64_t *out)
{
    if (text.size == 0 || text.size > SPAN_U64_DIGITS) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    *out = value;
    return true;
}

bool
span_to_string(struct span text, char *out, size_t capacity)
{
    if (text.size >= capacity || (text.size > 0 && memchr(text.data, '\0', text.size) != NULL)) {
        return false;
    }
    if (text.size > 0) {
        memcpy(out, text.data, text.size);
    }
    out[text.size] = '\0';
    return true;
}

static const uint64_t fnv_basis = 14695981039346656037ULL;
static const uint64_t fnv_prime = 1099511628211ULL;

uint64_t
span_hash(struct span text)
{
    uint64_t hash = fnv_basis;
    for (size_t i = 0; i < text.size; i++) {
        hash = (hash ^ (unsigned char)text.data[i]) * fnv_prime;
    }
    return hash;
}

uint64_t
span_hash_nocase(struct span text)
{
    uint64_t hash = fnv_basis;
    for (size_t i = 0; i < text.size; i++) {
        hash = (hash ^ (unsigned char)span_lower(text.data[i])) * fnv_prime;
    }
    return hash;
}
