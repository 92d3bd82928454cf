#include "tests/e2e/tools/common/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
query_find(const char *query, const char *key, const char **value, size_t *size)
{
    size_t key_size = strlen(key);
    while (*query != '\0') {
        size_t pair = strcspn(query, "&\r\n");
        if (pair > key_size && query[key_size] == '=' && strncmp(query, key, key_size) == 0) {
            *value = query + key_size + 1;
            *size = pair - key_size - 1;
            return true;
        }
        query += pair;
        query += *query == '\0' ? 0 : 1;
    }
    return false;
}

long
query_number(const char *query, const char *key, long other)
{
    const char *value;
    size_t size;
    return query_find(query, key, &value, &size) ? strtol(value, NULL, 10) : other;
}

bool
query_text(const char *query, const char *key, char *out, size_t out_size)
{
    const char *value;
    size_t size;
    if (!query_find(query, key, &value, &size)) {
        return false;
    }
    snprintf(out, out_size, "%.*s", (int)size, value);
    return true;
}

bool
query_is(const char *query, const char *key, const char *wanted)
{
    const char *value;
    size_t size;
    return query_find(query, key, &value, &size) && size == strlen(wanted) &&
           memcmp(value, wanted, size) == 0;
}
