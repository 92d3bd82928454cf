/* Paths and queries of API requests: decoded within their bounds, or refused. The input is a target
 * up to its first NUL. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "control/api/request.h"
#include "proxy/base/check.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request request = {.method = "GET"};
    char *target = malloc(size + 1);
    memcpy(target, data, size);
    target[size] = '\0';
    char *query = strchr(target, '?');
    if (query != NULL) {
        *query++ = '\0';
    }
    if (request_read_path(&request, target)) {
        CHECK(request.path_count <= REQUEST_SEGMENTS_MAX);
        for (size_t i = 0; i < request.path_count; i++) {
            CHECK(strlen(request.path[i]) < REQUEST_SEGMENT_SIZE);
        }
    }
    if (request_read_query(&request, query)) {
        CHECK(request.query_count <= REQUEST_QUERY_MAX);
        for (size_t i = 0; i < request.query_count; i++) {
            CHECK(request_query(&request, request.query[i].key) == request.query[i].value);
        }
    }
    free(target);
    return 0;
}
