/* demo-service: the small web service of scripts/demo. A page that names its build, /healthz, a
   slow download, an upload. One thread for each connection, blocking, as small services are.

   demo-service PORT BUILD */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 16 * 1024, DOWNLOAD_PIECES = 40, PIECE_BYTES = 2048, PIECE_PAUSE_MS = 50 };

static const char *build;

struct visitor {
    int fd;
    char text[HEAD_MAX + 1];
    size_t size; /* bytes in text, a head and what followed it */
};

static bool
send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool
send_answer(int fd, int status, const char *type, const char *body, bool has_body)
{
    char head[512];
    int size = snprintf(head, sizeof(head),
                        "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nX-Build: %s\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        status, status == 200 ? "OK" : "Not Found", type, build, strlen(body));
    return send_all(fd, head, (size_t)size) && (!has_body || send_all(fd, body, strlen(body)));
}

static bool
send_page(int fd, bool has_body)
{
    char page[1024];
    snprintf(
        page, sizeof(page),
        "<!doctype html>\n<title>Timetable, %s</title>\n<h1>Timetable</h1>\n"
        "<p>You are reading build <b>%s</b>.</p>\n"
        "<ul><li><a href=\"/download\">All departures (slow)</a></li></ul>\n"
        "<form method=post action=/upload><input type=submit value=\"Send a remark\"></form>\n",
        build, build);
    return send_answer(fd, 200, "text/html; charset=utf-8", page, has_body);
}

/* Two seconds of text, a piece at a time. */
static bool
send_download(int fd)
{
    char head[256];
    int size = snprintf(head, sizeof(head),
                        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Build: %s\r\n"
                        "Content-Length: %d\r\n\r\n",
                        build, DOWNLOAD_PIECES * PIECE_BYTES);
    char piece[PIECE_BYTES];
    memset(piece, '.', sizeof(piece));
    piece[sizeof(piece) - 1] = '\n';
    bool goes_on = send_all(fd, head, (size_t)size);
    for (int i = 0; goes_on && i < DOWNLOAD_PIECES; i++) {
        poll(NULL, 0, PIECE_PAUSE_MS);
        goes_on = send_all(fd, piece, sizeof(piece));
    }
    return goes_on;
}

/* Reads the rest of the body away and says how much there was. */
static bool
take_upload(struct visitor *visitor, size_t head_size, unsigned long length)
{
    unsigned long left = length;
    size_t had = visitor->size - head_size;
    size_t used = had < left ? had : (size_t)left;
    left -= used;
    memmove(visitor->text, visitor->text + head_size + used, had - used);
    visitor->size = had - used;
    while (left > 0) {
        char sink[16 * 1024];
        ssize_t got = recv(visitor->fd, sink, left < sizeof(sink) ? left : sizeof(sink), 0);
        if (got <= 0) {
            return false;
        }
        left -= (unsigned long)got;
    }
    char body[128];
    snprintf(body, sizeof(body), "%lu bytes taken by %s\n", length, build);
    return send_answer(visitor->fd, 200, "text/plain", body, true);
}

/* Waits for a whole head: its size, 0 when there is none. */
static size_t
read_head(struct visitor *visitor)
{
    for (;;) {
        visitor->text[visitor->size] = '\0';
        char *end = strstr(visitor->text, "\r\n\r\n");
        if (end != NULL) {
            return (size_t)(end - visitor->text) + 4;
        }
        if (visitor->size == HEAD_MAX) {
            return 0;
        }
        ssize_t got = recv(visitor->fd, visitor->text + visitor->size, HEAD_MAX - visitor->size, 0);
        if (got <= 0) {
            return 0;
        }
        visitor->size += (size_t)got;
    }
}

static bool
serve_one(struct visitor *visitor)
{
    size_t head_size = read_head(visitor);
    if (head_size == 0) {
        return false;
    }
    char method[16] = "";
    char path[256] = "";
    if (sscanf(visitor->text, "%15s %255s", method, path) != 2) {
        return false;
    }
    visitor->text[head_size - 1] = '\0';
    char *length = strcasestr(visitor->text, "\r\nContent-Length:");
    bool closes = strcasestr(visitor->text, "\r\nConnection: close") != NULL;
    if (strcmp(method, "POST") == 0) {
        unsigned long size = length == NULL ? 0 : strtoul(length + 17, NULL, 10);
        return take_upload(visitor, head_size, size) && !closes;
    }
    visitor->size -= head_size;
    memmove(visitor->text, visitor->text + head_size, visitor->size);
    bool has_body = strcmp(method, "HEAD") != 0;
    bool is_sent = false;
    if (strcmp(path, "/") == 0) {
        is_sent = send_page(visitor->fd, has_body);
    } else if (strcmp(path, "/healthz") == 0) {
        is_sent = send_answer(visitor->fd, 200, "text/plain", "well\n", has_body);
    } else if (strcmp(path, "/download") == 0) {
        is_sent = send_download(visitor->fd);
    } else {
        is_sent = send_answer(visitor->fd, 404, "text/plain", "no such page\n", has_body);
    }
    return is_sent && !closes;
}

static void *
serve(void *argument)
{
    struct visitor *visitor = argument;
    while (serve_one(visitor)) {
    }
    close(visitor->fd);
    free(visitor);
    return NULL;
}

static int
listen_on(const char *port)
{
    struct sockaddr_in place = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&place, sizeof(place)) != 0 || listen(fd, 1024) != 0) {
        perror(port);
        exit(1);
    }
    return fd;
}

int
main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: demo-service PORT BUILD\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    build = argv[2];
    int listener = listen_on(argv[1]);
    for (;;) {
        struct visitor *visitor = calloc(1, sizeof(*visitor));
        pthread_t thread;
        if (visitor == NULL || (visitor->fd = accept(listener, NULL, NULL)) < 0) {
            free(visitor);
            continue;
        }
        if (pthread_create(&thread, NULL, serve, visitor) != 0) {
            close(visitor->fd);
            free(visitor);
            continue;
        }
        pthread_detach(thread);
    }
}
