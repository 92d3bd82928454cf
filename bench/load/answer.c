#include "bench/load/answer.h"

#include <stdlib.h>
#include <string.h>

#include "bench/common/die.h"

#define ANSWER_HEAD_MAX 65536U

void
answer_reset(struct answer *answer)
{
    free(answer->kept);
    answer->kept = NULL;
    answer->kept_size = 0;
    answer->has_begun = false;
    answer->has_head = false;
}

static void
answer_begin(struct answer *answer, const struct http_head *head)
{
    size_t size = head->build_size < ANSWER_BUILD_MAX ? head->build_size : ANSWER_BUILD_MAX;

    answer->has_head = true;
    answer->is_close = head->is_close;
    answer->status = http_head_status(head);
    if (size > 0)
        memcpy(answer->build, head->build, size);
    answer->build[size] = '\0';
    http_body_begin(&answer->body, head);
}

/* An answer framed by nothing would end where the connection does, which a cut cannot be told from:
 * no origin of ours sends one. */
static enum http_result
answer_head(struct answer *answer, const char *bytes, size_t size, size_t *used)
{
    struct http_head head;
    enum http_result result = http_head_read(bytes, size, &head);

    if (result == HTTP_MORE)
        return size < ANSWER_HEAD_MAX ? HTTP_MORE : HTTP_BAD;
    if (result == HTTP_BAD || head.framing == HTTP_UNFRAMED)
        return HTTP_BAD;
    answer_begin(answer, &head);
    *used = head.size;
    return HTTP_DONE;
}

static void
answer_keep(struct answer *answer, const char *bytes, size_t size)
{
    char *kept = realloc(answer->kept, answer->kept_size + size);

    if (!kept)
        die("out of memory");
    memcpy(kept + answer->kept_size, bytes, size);
    answer->kept = kept;
    answer->kept_size += size;
}

/* A head that began in an earlier piece: `used` counts only bytes of this piece. */
static enum http_result
answer_head_kept(struct answer *answer, const char *bytes, size_t size, size_t *used)
{
    size_t before = answer->kept_size;
    enum http_result result;

    answer_keep(answer, bytes, size);
    result = answer_head(answer, answer->kept, answer->kept_size, used);
    if (result == HTTP_DONE)
        *used -= before;
    return result;
}

enum http_result
answer_take(struct answer *answer, const char *bytes, size_t size, size_t *used)
{
    enum http_result result = HTTP_DONE;
    size_t head = 0;
    size_t body = 0;

    answer->has_begun = true;
    *used = size;
    if (!answer->has_head && answer->kept)
        result = answer_head_kept(answer, bytes, size, &head);
    else if (!answer->has_head)
        result = answer_head(answer, bytes, size, &head);
    if (result == HTTP_MORE && !answer->kept)
        answer_keep(answer, bytes, size);
    if (result != HTTP_DONE)
        return result;
    result = http_body_take(&answer->body, bytes + head, size - head, &body);
    *used = head + body;
    return result;
}
