/* Reads one request of a connection: the head at once, the body piece by piece as it comes. Keeps
   the bytes as they were received, so that they can be shown to a test. Strict: what is malformed
   is bad. */
#ifndef INSTANCE_REQUEST_H
#define INSTANCE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/e2e/tools/common/buf.h"

enum request_state { REQUEST_HEAD, REQUEST_BODY, REQUEST_WHOLE, REQUEST_BAD };

enum request_part { PART_LENGTH, PART_CHUNK_SIZE, PART_CHUNK, PART_CHUNK_END, PART_TRAILERS };

struct request {
    enum request_state state;
    char method[16];
    char path[256];
    char *query; /* into head; "" if there is none */
    char *head;  /* as received, ends with a NUL behind its blank line */
    size_t head_size;
    bool is_keep_alive;
    bool is_chunked;
    bool expects_continue;
    char post_id[64];
    enum request_part part;
    uint64_t left;       /* bytes of the body or chunk still to come */
    uint64_t body_bytes; /* decoded */
    uint64_t body_fnv;
    bool keeps_body;     /* set by who answers: raw bytes go to body */
    struct buf body;     /* as received, chunk framing and trailers with it */
    struct buf trailers; /* as received */
};

/* Takes a head from in, if it is whole there. */
void request_read_head(struct request *request, struct buf *in);

/* Takes what there is of the body. */
void request_read_body(struct request *request, struct buf *in);

/* Copies the value of a field of the head; whether it is there. */
bool request_field(const struct request *request, const char *name, char *out, size_t out_size);

void request_free(struct request *request);

#endif
