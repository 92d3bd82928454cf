/* bench-origin: an HTTP/1.1 server as cheap as one thread of raw epoll allows, to stand behind the
 * proxies that are measured. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "bench/common/die.h"
#include "bench/common/net.h"
#include "bench/common/options.h"
#include "bench/origin/conn.h"
#include "bench/origin/page.h"

#define ORIGIN_EVENTS_MAX 256

static volatile sig_atomic_t is_stopping;

static void
origin_stop(int number)
{
    (void)number;
    is_stopping = 1;
}

static void
origin_accept(int loop, int listener)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct conn *conn = conn_new(fd);
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                    .data.ptr = conn};

        if (epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) != 0)
            die("epoll_ctl: %s", strerror(errno));
    }
}

static void
origin_serve(int listener)
{
    struct epoll_event events[ORIGIN_EVENTS_MAX];
    struct epoll_event accepting = {.events = EPOLLIN, .data.ptr = NULL};
    int loop = epoll_create1(EPOLL_CLOEXEC);

    if (loop < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, listener, &accepting) != 0)
        die("epoll: %s", strerror(errno));
    while (!is_stopping) {
        int count = epoll_wait(loop, events, ORIGIN_EVENTS_MAX, -1);

        for (int i = 0; i < count; i++) {
            struct conn *conn = events[i].data.ptr;
            bool has_ended = (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;

            if (!conn)
                origin_accept(loop, listener);
            else if (!conn_run(conn, has_ended))
                conn_free(conn);
        }
    }
}

int
main(int argc, char **argv)
{
    const char *address = "127.0.0.1";
    const char *build = "v1";
    uint64_t port = 0;
    const struct option_row rows[] = {
        {"address", "IP", "address to listen at (127.0.0.1)", OPTION_TEXT, &address},
        {"port", "PORT", "port to listen at; 0 (default) takes a free one", OPTION_NUMBER, &port},
        {"build", "NAME", "what X-Build says in every answer (v1)", OPTION_TEXT, &build},
    };
    char text[64];
    struct net_address bound;
    int listener;

    options_read(rows, sizeof rows / sizeof *rows,
                 "usage: bench-origin [--port PORT] [--build NAME]\n"
                 "Serves / (200 B), /10k, /10kc (chunked), /1m and /healthz, swallows any POST,\n"
                 "prints the port it listens at, runs until SIGTERM.",
                 argc, argv);
    snprintf(text, sizeof text, strchr(address, ':') ? "[%s]:%u" : "%s:%u", address,
             (unsigned)port);
    bound = net_address_read(text);
    signal(SIGTERM, origin_stop);
    signal(SIGINT, origin_stop);
    page_init(build);
    listener = net_listen(&bound);
    printf("%u\n", (unsigned)net_port(listener));
    fflush(stdout);
    origin_serve(listener);
    page_fini();
    return 0;
}
