#include "bench/common/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/common/die.h"

#define NET_BACKLOG 4096

static uint16_t
net_port_read(const char *text, const char *whole)
{
    char *end = NULL;
    unsigned long port = strtoul(text, &end, 10);

    if (end == text || *end || port > UINT16_MAX)
        die("wanted a port after the last colon, found \"%s\"", whole);
    return htons((uint16_t)port);
}

struct net_address
net_address_read(const char *text)
{
    struct net_address address = {.size = 0};
    struct sockaddr_in *four = (struct sockaddr_in *)&address.storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address.storage;
    const char *colon = strrchr(text, ':');
    size_t size = colon ? (size_t)(colon - text) : 0;
    bool is_six = size >= 2 && text[0] == '[' && text[size - 1] == ']';
    char host[INET6_ADDRSTRLEN] = "";

    if (is_six && size - 2 < sizeof host)
        memcpy(host, text + 1, size - 2);
    if (!is_six && size < sizeof host)
        memcpy(host, text, size);
    if (is_six && inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = net_port_read(colon + 1, text);
        address.size = sizeof *six;
        return address;
    }
    if (is_six || inet_pton(AF_INET, host, &four->sin_addr) != 1)
        die("wanted IPv4:port or [IPv6]:port, found \"%s\"", text);
    four->sin_family = AF_INET;
    four->sin_port = net_port_read(colon + 1, text);
    address.size = sizeof *four;
    return address;
}

static int
net_socket(const struct net_address *address)
{
    int on = 1;
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int
net_listen(const struct net_address *address)
{
    int on = 1;
    int fd = net_socket(address);

    if (fd < 0)
        die("socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&address->storage, address->size) != 0)
        die("bind: %s", strerror(errno));
    if (listen(fd, NET_BACKLOG) != 0)
        die("listen: %s", strerror(errno));
    return fd;
}

uint16_t
net_port(int fd)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;

    if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0)
        die("getsockname: %s", strerror(errno));
    if (bound.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&bound)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&bound)->sin_port);
}

int
net_connect(const struct net_address *address)
{
    int fd = net_socket(address);
    int failure;

    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address->storage, address->size) == 0)
        return fd;
    if (errno == EINPROGRESS)
        return fd;
    failure = errno;
    close(fd);
    errno = failure;
    return -1;
}
