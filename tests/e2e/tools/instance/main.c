/* test-instance: a backend for tests. One thread, one epoll.

   test-instance [--listen ADDRESS]... [--set key=value&...]
   Says "listening ADDRESS" for each address when it accepts, takes lines "key=value&..." on
   standard input as /_set does (and says "set"), and ends when standard input does. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/e2e/tools/common/net.h"
#include "tests/e2e/tools/instance/conn.h"
#include "tests/e2e/tools/instance/settings.h"
#include "tests/e2e/tools/instance/stats.h"

enum { LISTENERS_MAX = 64, EVENTS_MAX = 256 };

static int listeners[LISTENERS_MAX];
static int listener_count;
static int epoll_fd;
static struct conn *conns;

static void
watch(int operation, int fd, uint32_t events, void *owner)
{
    struct epoll_event event = {.events = events, .data.ptr = owner};
    if (epoll_ctl(epoll_fd, operation, fd, &event) != 0) {
        perror("epoll_ctl");
        exit(1);
    }
}

static void
listen_at(const char *address)
{
    char bound[128];
    if (listener_count == LISTENERS_MAX) {
        fprintf(stderr, "more than %d addresses\n", LISTENERS_MAX);
        exit(2);
    }
    listeners[listener_count] = net_listen(address, bound, sizeof(bound));
    watch(EPOLL_CTL_ADD, listeners[listener_count], EPOLLIN, &listeners[listener_count]);
    listener_count++;
    printf("listening %s\n", bound);
}

static void
accept_all(int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        struct conn *conn = conn_new(fd, (unsigned)++stats.connections);
        conn->next = conns;
        if (conns != NULL) {
            conns->prev = conn;
        }
        conns = conn;
        watch(EPOLL_CTL_ADD, fd, EPOLLIN, conn);
    }
}

static void
take_line(void)
{
    static char line[4096];
    static size_t size;
    ssize_t got = read(STDIN_FILENO, line + size, sizeof(line) - 1 - size);
    if (got <= 0) {
        exit(0);
    }
    size += (size_t)got;
    line[size] = '\0';
    for (char *end = strchr(line, '\n'); end != NULL; end = strchr(line, '\n')) {
        *end = '\0';
        settings_apply(line);
        printf("set\n");
        size -= (size_t)(end + 1 - line);
        memmove(line, end + 1, size + 1);
    }
}

static void
conn_drop(struct conn *conn)
{
    if (conn->prev != NULL) {
        conn->prev->next = conn->next;
    } else {
        conns = conn->next;
    }
    if (conn->next != NULL) {
        conn->next->prev = conn->prev;
    }
    conn_free(conn);
}

/* What is due by time, who is gone, what each waits for; and how long nothing will be due. */
static int
tend_all(void)
{
    uint64_t now_us = net_now_us();
    uint64_t due = UINT64_MAX;
    for (struct conn *conn = conns, *next; conn != NULL; conn = next) {
        next = conn->next;
        if (!conn->is_dead && conn_due(conn) <= now_us) {
            conn_run(conn, false, now_us);
        }
        if (conn->is_dead) {
            conn_drop(conn);
            continue;
        }
        watch(EPOLL_CTL_MOD, conn->fd, conn_events(conn, now_us), conn);
        due = conn_due(conn) < due ? conn_due(conn) : due;
    }
    if (due == UINT64_MAX) {
        return -1;
    }
    return due <= now_us ? 0 : (int)((due - now_us) / 1000 + 1);
}

static void
dispatch(const struct epoll_event *event)
{
    for (int i = 0; i < listener_count; i++) {
        if (event->data.ptr == &listeners[i]) {
            accept_all(listeners[i]);
            return;
        }
    }
    if (event->data.ptr == NULL) {
        take_line();
        return;
    }
    struct conn *conn = event->data.ptr;
    if (!conn->is_dead) {
        bool can_read = (event->events & ~(uint32_t)EPOLLOUT) != 0;
        conn_run(conn, can_read, net_now_us());
    }
}

int
main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--set") == 0) {
            settings_apply(argv[i + 1]);
        } else if (strcmp(argv[i], "--listen") == 0) {
            listen_at(argv[i + 1]);
        } else {
            fprintf(stderr, "usage: test-instance [--listen ADDRESS]... [--set KEY=VALUE&...]\n");
            return 2;
        }
    }
    if (listener_count == 0) {
        listen_at("127.0.0.1:0");
    }
    watch(EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN, NULL);
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        int count = epoll_wait(epoll_fd, events, EVENTS_MAX, tend_all());
        for (int i = 0; i < count; i++) {
            dispatch(&events[i]);
        }
    }
}
