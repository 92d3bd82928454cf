/* A scripted instance for the prober's tests: a thread that takes connections one by one and
 * answers each as told. */
#ifndef TURNOUT_TESTS_PROBE_SERVER_H
#define TURNOUT_TESTS_PROBE_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SERVER_REQUEST_SIZE = 2048 };

enum server_end {
    SERVER_CLOSES,
    SERVER_HOLDS, /* until the prober closes */
    SERVER_RESETS
};

/* What to do with a connection. */
struct server_script {
    const char *answer;
    const char *host; /* NULL: any; else another Host gets 404 */
    enum server_end end;
    unsigned delay_ms;    /* before the answer */
    unsigned body_mib;    /* behind the answer */
    bool is_byte_by_byte; /* each byte in a segment of its own */
    bool answers_at_once; /* without waiting for the request */
};

struct server {
    pthread_t thread;
    int listener;
    int family;
    char address[128];
    struct server_script script;
    pthread_mutex_t lock;
    char request[SERVER_REQUEST_SIZE]; /* the last one, under the lock */
    atomic_uint accepted;
    atomic_uint open;
    atomic_uint open_most;
    atomic_ullong written;
};

/* Waits as poll does, so that nothing here sleeps on a guess: `file` becoming readable ends it. */
static inline void
server_wait(int file, int timeout_ms)
{
    struct pollfd item = {.fd = file, .events = POLLIN};
    poll(&item, 1, timeout_ms);
}

static inline void
server_take_request(struct server *server, int file, char request[SERVER_REQUEST_SIZE])
{
    size_t size = 0;
    memset(request, 0, SERVER_REQUEST_SIZE);
    while (size < SERVER_REQUEST_SIZE - 1 && strstr(request, "\r\n\r\n") == NULL) {
        ssize_t got = recv(file, request + size, SERVER_REQUEST_SIZE - 1 - size, 0);
        if (got <= 0) {
            return;
        }
        size += (size_t)got;
    }
    pthread_mutex_lock(&server->lock);
    memcpy(server->request, request, SERVER_REQUEST_SIZE);
    pthread_mutex_unlock(&server->lock);
}

/* The last request, in static storage. */
static inline const char *
server_last_request(struct server *server)
{
    static char request[SERVER_REQUEST_SIZE];
    pthread_mutex_lock(&server->lock);
    memcpy(request, server->request, SERVER_REQUEST_SIZE);
    pthread_mutex_unlock(&server->lock);
    return request;
}

static inline bool
server_send(struct server *server, int file, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(file, data, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        atomic_fetch_add(&server->written, (unsigned long long)sent);
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

static inline void
server_answer(struct server *server, int file, const char *request)
{
    const struct server_script *script = &server->script;
    char host[128];
    const char *answer = script->answer;
    snprintf(host, sizeof(host), "\r\nHost: %s\r\n", script->host == NULL ? "" : script->host);
    if (script->host != NULL && strcasestr(request, host) == NULL) {
        answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    }
    size_t size = strlen(answer);
    size_t piece = script->is_byte_by_byte ? 1 : size;
    for (size_t at = 0; at < size; at += piece) {
        server_send(server, file, answer + at, piece);
    }
    static const char mebibyte[1024 * 1024];
    for (unsigned i = 0; i < script->body_mib; i++) {
        if (!server_send(server, file, mebibyte, sizeof(mebibyte))) {
            return;
        }
    }
}

static inline void
server_end(const struct server *server, int file)
{
    char rest[256];
    if (server->script.end == SERVER_HOLDS) {
        while (recv(file, rest, sizeof(rest), 0) > 0) {
        }
    }
    if (server->script.end == SERVER_RESETS) {
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(file, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    }
}

struct server_connection {
    struct server *server;
    int file;
};

static inline void *
server_serve(void *argument)
{
    struct server_connection connection = *(struct server_connection *)argument;
    struct server *server = connection.server;
    char request[SERVER_REQUEST_SIZE] = "";
    int on = 1;
    free(argument);
    setsockopt(connection.file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (!server->script.answers_at_once) {
        server_take_request(server, connection.file, request);
    }
    if (server->script.delay_ms > 0) {
        server_wait(connection.file, (int)server->script.delay_ms);
    }
    server_answer(server, connection.file, request);
    server_end(server, connection.file);
    atomic_fetch_sub(&server->open, 1);
    close(connection.file);
    return NULL;
}

/* Accepts until the listener is shut down; each connection has a thread. */
static inline void *
server_main(void *argument)
{
    struct server *server = argument;
    pthread_t threads[512];
    size_t count = 0;
    int file;
    while (count < 512 && (file = accept(server->listener, NULL, NULL)) >= 0) {
        struct server_connection *connection = malloc(sizeof(*connection));
        *connection = (struct server_connection){server, file};
        unsigned open = atomic_fetch_add(&server->open, 1) + 1;
        if (open > atomic_load(&server->open_most)) {
            atomic_store(&server->open_most, open);
        }
        atomic_fetch_add(&server->accepted, 1);
        pthread_create(&threads[count++], NULL, server_serve, connection);
    }
    while (count > 0) {
        pthread_join(threads[--count], NULL);
    }
    return NULL;
}

static inline void
server_bind_unix(struct server *server)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof(name.sun_path), "/tmp/turnout-probe-%ld.sock", (long)getpid());
    unlink(name.sun_path);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&name, sizeof(name)), 0);
    snprintf(server->address, sizeof(server->address), "unix:%s", name.sun_path);
}

/* Binds to a free port of the loopback. False when the machine lacks the family. */
static inline bool
server_bind(struct server *server, int family)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server->family = family;
    server->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (family == AF_UNIX) {
        server_bind_unix(server);
        return true;
    }
    struct sockaddr *name = family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six;
    socklen_t size = family == AF_INET ? sizeof(four) : sizeof(six);
    if (server->listener < 0 || bind(server->listener, name, size) != 0) {
        return false;
    }
    getsockname(server->listener, name, &size);
    snprintf(server->address, sizeof(server->address),
             family == AF_INET ? "127.0.0.1:%u" : "[::1]:%u",
             ntohs(family == AF_INET ? four.sin_port : six.sin6_port));
    return true;
}

static inline bool
server_start(struct server *server, int family, const struct server_script *script)
{
    *server = (struct server){.script = *script, .listener = -1, .lock = PTHREAD_MUTEX_INITIALIZER};
    if (!server_bind(server, family)) {
        return false;
    }
    assert_int_equal(listen(server->listener, 128), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, server_main, server), 0);
    return true;
}

static inline uint16_t
server_port(const struct server *server)
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t size = sizeof(name);
    getsockname(server->listener, (struct sockaddr *)&name, &size);
    return ntohs(name.sin_port);
}

static inline void
server_stop(struct server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    if (server->family == AF_UNIX) {
        unlink(server->address + 5);
    }
}

#endif
