#include "bench/origin/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/common/die.h"
#include "bench/common/http.h"
#include "bench/origin/page.h"

#define CONN_HEAD_MAX     65536U
#define CONN_SCRATCH_SIZE 327680U

struct conn {
    int fd;
    bool is_closing; /* after the page being sent */
    bool has_body;   /* a request's body is being swallowed */
    struct http_body body;
    const struct page *page; /* being sent, or to be sent after the body */
    size_t sent;
    char *kept; /* bytes read and not yet used: the start of a head, or pipelined requests */
    size_t kept_size;
};

/* One thread, and nothing in it outlives a call: whatever is left over is kept per connection. */
static char scratch[CONN_SCRATCH_SIZE];

struct conn *
conn_new(int fd)
{
    struct conn *conn = die_calloc(1, sizeof *conn);

    conn->fd = fd;
    return conn;
}

void
conn_free(struct conn *conn)
{
    close(conn->fd);
    free(conn->kept);
    free(conn);
}

static const struct page *
conn_page(const struct http_head *head)
{
    const char *path = memchr(head->line, ' ', head->line_size);
    const char *end = path ? memrchr(head->line, ' ', head->line_size) : NULL;

    if (!path || end == path)
        return NULL;
    if (head->line_size > 5 && memcmp(head->line, "POST ", 5) == 0)
        return page_posted();
    return page_find(path + 1, (size_t)(end - path - 1));
}

/* Reads one request's head; returns the bytes used, 0 if it is not whole. */
static size_t
conn_head(struct conn *conn, const char *bytes, size_t size)
{
    struct http_head head;
    enum http_result result = http_head_read(bytes, size, &head);

    if (result == HTTP_MORE && size <= CONN_HEAD_MAX)
        return 0;
    conn->page = result == HTTP_DONE ? conn_page(&head) : NULL;
    if (!conn->page) {
        conn->page = page_bad();
        conn->is_closing = true;
        return size;
    }
    conn->is_closing = head.is_close || head.line[head.line_size - 1] == '0';
    conn->has_body =
        head.framing == HTTP_CHUNKED || (head.framing == HTTP_LENGTH && head.length > 0);
    http_body_begin(&conn->body, &head);
    return head.size;
}

static size_t
conn_body(struct conn *conn, const char *bytes, size_t size)
{
    size_t used = 0;
    enum http_result result = http_body_take(&conn->body, bytes, size, &used);

    if (result == HTTP_MORE)
        return used;
    conn->has_body = false;
    if (result == HTTP_BAD) {
        conn->page = page_bad();
        conn->is_closing = true;
        return size;
    }
    return used;
}

/* Sends what is left of the page. True when it is out; false when the socket is full or gone. */
static bool
conn_send(struct conn *conn, bool *is_gone)
{
    ssize_t sent;

    do {
        sent = send(conn->fd, conn->page->bytes + conn->sent, conn->page->size - conn->sent,
                    MSG_NOSIGNAL);
        if (sent > 0)
            conn->sent += (size_t)sent;
    } while (sent > 0 && conn->sent < conn->page->size);
    *is_gone = sent < 0 && errno != EAGAIN;
    if (conn->sent < conn->page->size)
        return false;
    conn->page = NULL;
    conn->sent = 0;
    return true;
}

/* Serves requests out of the bytes until they are used up or the socket is full. Returns the bytes
 * used; `is_over` says that the connection is to be closed. */
static size_t
conn_serve(struct conn *conn, const char *bytes, size_t size, bool *is_over)
{
    size_t at = 0;

    for (;;) {
        size_t used = 0;

        if (conn->has_body)
            used = conn_body(conn, bytes + at, size - at);
        else if (!conn->page)
            used = conn_head(conn, bytes + at, size - at);
        at += used;
        if (conn->has_body && at < size)
            continue;
        if (conn->has_body || !conn->page)
            return at;
        if (!conn_send(conn, is_over))
            return at;
        if (conn->is_closing) {
            *is_over = true;
            return at;
        }
    }
}

static void
conn_keep(struct conn *conn, const char *bytes, size_t size)
{
    free(conn->kept);
    conn->kept = NULL;
    conn->kept_size = size;
    if (size == 0)
        return;
    conn->kept = die_calloc(1, size);
    memcpy(conn->kept, bytes, size);
}

bool
conn_run(struct conn *conn, bool has_ended)
{
    bool is_over = false;
    size_t space = 0;
    ssize_t got = 0;

    while (!is_over && (size_t)got == space) {
        size_t size = conn->kept_size;
        size_t used;

        if (conn->page && !conn->has_body && !conn_send(conn, &is_over))
            return !is_over;
        if (size > 0)
            memcpy(scratch, conn->kept, size);
        space = sizeof scratch - size;
        got = space > 0 ? recv(conn->fd, scratch + size, space, 0) : 0;
        if (space > 0 && (got == 0 || (got < 0 && errno != EAGAIN)))
            return false;
        size += got > 0 ? (size_t)got : 0;
        used = conn_serve(conn, scratch, size, &is_over);
        if (size > 0)
            conn_keep(conn, scratch + used, size - used);
    }
    return !is_over && !(has_ended && !conn->page);
}
