/* Numeric addresses and non-blocking TCP sockets for the bench programs. */
#ifndef BENCH_COMMON_NET_H
#define BENCH_COMMON_NET_H

#include <stdint.h>
#include <sys/socket.h>

struct net_address {
    struct sockaddr_storage storage;
    socklen_t size;
};

/* Reads `IPv4:port` or `[IPv6]:port`; dies naming the text if it is neither. */
struct net_address net_address_read(const char *text);

/* A non-blocking listening socket with TCP_NODELAY for what it accepts; dies on failure. */
int net_listen(const struct net_address *address);

/* The port that a bound socket has. */
uint16_t net_port(int fd);

/* Begins to connect. Returns a non-blocking socket, perhaps still connecting, or -1 with errno. */
int net_connect(const struct net_address *address);

#endif
