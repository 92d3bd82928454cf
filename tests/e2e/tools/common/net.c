#include "tests/e2e/tools/common/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

union place {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_un local;
};

static void
stop(const char *what, const char *address)
{
    fprintf(stderr, "%s %s: %s\n", what, address, strerror(errno));
    exit(1);
}

static socklen_t
place_of(const char *address, union place *place)
{
    *place = (union place){0};
    if (strncmp(address, "unix:", 5) == 0) {
        place->local.sun_family = AF_UNIX;
        snprintf(place->local.sun_path, sizeof(place->local.sun_path), "%s", address + 5);
        return sizeof(place->local);
    }
    char host[64];
    const char *colon = strrchr(address, ':');
    bool is_six = address[0] == '[';
    const char *from = is_six ? address + 1 : address;
    size_t size = colon == NULL ? 0 : (size_t)(colon - from) - (is_six ? 1 : 0);
    if (colon == NULL || size >= sizeof(host)) {
        errno = EINVAL;
        stop("address", address);
    }
    memcpy(host, from, size);
    host[size] = '\0';
    uint16_t port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    if (is_six) {
        place->six.sin6_family = AF_INET6;
        place->six.sin6_port = port;
        if (inet_pton(AF_INET6, host, &place->six.sin6_addr) != 1) {
            stop("address", address);
        }
        return sizeof(place->six);
    }
    place->four.sin_family = AF_INET;
    place->four.sin_port = port;
    if (inet_pton(AF_INET, host, &place->four.sin_addr) != 1) {
        stop("address", address);
    }
    return sizeof(place->four);
}

static void
bound_text(int fd, const char *address, char *bound, size_t bound_size)
{
    union place place = {0};
    socklen_t size = sizeof(place);
    if (getsockname(fd, &place.any, &size) != 0) {
        stop("getsockname", address);
    }
    if (place.any.sa_family == AF_UNIX) {
        snprintf(bound, bound_size, "%s", address);
    } else if (place.any.sa_family == AF_INET6) {
        snprintf(bound, bound_size, "[::1]:%u", ntohs(place.six.sin6_port));
    } else {
        char host[INET_ADDRSTRLEN];
        inet_ntop(AF_INET, &place.four.sin_addr, host, sizeof(host));
        snprintf(bound, bound_size, "%s:%u", host, ntohs(place.four.sin_port));
    }
}

int
net_listen(const char *address, char *bound, size_t bound_size)
{
    union place place;
    socklen_t size = place_of(address, &place);
    if (place.any.sa_family == AF_UNIX) {
        unlink(place.local.sun_path);
    }
    int fd = socket(place.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (place.any.sa_family != AF_UNIX) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (bind(fd, &place.any, size) != 0 || listen(fd, 4096) != 0) {
        stop("listen", address);
    }
    bound_text(fd, address, bound, bound_size);
    return fd;
}

int
net_connect(const char *address)
{
    union place place;
    socklen_t size = place_of(address, &place);
    int fd = socket(place.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    int on = 1;
    if (place.any.sa_family != AF_UNIX) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (connect(fd, &place.any, size) != 0 && errno != EINPROGRESS) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

void
net_reset_on_close(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

uint64_t
net_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t
net_random(uint64_t *state, uint64_t limit)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % limit;
}

uint64_t
net_fnv(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}
