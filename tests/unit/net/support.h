/*
 * support: what the tests of net share: a loop turned by hand until a condition holds, pairs of
 * connected sockets, and the other end as a plain blocking or non-blocking descriptor.
 */
#ifndef TURNOUT_TESTS_NET_SUPPORT_H
#define TURNOUT_TESTS_NET_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "proxy/base/clock.h"
#include "proxy/net/connect.h"
#include "proxy/net/listener.h"
#include "proxy/net/loop.h"
#include "proxy/net/stream.h"

enum { WAIT_LIMIT_US = 10000000 };

/* Turns the loop until the condition holds; fails the test after ten seconds. The loop never
 * sleeps, so that a missing event shows as a failed condition and not as a hang. */
#define TURN_UNTIL(loop, condition)                                                                \
    do {                                                                                           \
        uint64_t turn_limit_us = clock_mono_us() + WAIT_LIMIT_US;                                  \
        while (!(condition)) {                                                                     \
            assert_true(clock_mono_us() < turn_limit_us);                                          \
            loop_turn(loop, false);                                                                \
        }                                                                                          \
    } while (0)

/* Some turns in which nothing is expected to happen. */
static inline void
turn_some(struct loop *loop)
{
    for (int i = 0; i < 50; i++) {
        loop_turn(loop, false);
    }
}

static inline struct address
parsed(const char *text)
{
    struct address address;
    const char *why;
    assert_int_equal(address_parse(span_of(text), &address, &why), ERR_OK);
    return address;
}

static inline void
set_blocking(int fd, bool is_blocking)
{
    int flags = fcntl(fd, F_GETFL);
    assert_int_equal(fcntl(fd, F_SETFL, is_blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK), 0);
}

/* A TCP connection over loopback: near is non-blocking, far blocks. */
static inline void
tcp_pair(int *near, int *far)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&name, &size), 0);
    *far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(*far, (struct sockaddr *)&name, sizeof name), 0);
    *near = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(*near >= 0);
    close(listening);
}

static inline void
send_text(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static inline void
reset_socket(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

/* A stream that counts its callbacks; stream first, so that one points to the other. */
struct probe {
    struct stream stream;
    unsigned ready_count;
};

static inline void
count_ready(struct stream *stream)
{
    ((struct probe *)(void *)stream)->ready_count++;
}

#endif
