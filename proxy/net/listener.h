/*
 * listener: listening sockets and accepting from them. The sockets of an address are made once, one
 * for each worker slot (SO_REUSEPORT), and live as long as the service; struct listener is one
 * worker's watch on one of them. Opening belongs to the control thread, a struct listener to the
 * thread of its loop.
 */
#ifndef TURNOUT_NET_LISTENER_H
#define TURNOUT_NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proxy/base/address.h"
#include "proxy/net/loop.h"
#include "proxy/net/timer.h"

struct listener_options {
    int backlog;         /* 0: the system's largest */
    uint32_t deferred_s; /* TCP_DEFER_ACCEPT: wake for a connection only when bytes came, at most
                            about this long; 0: off */
};

/* An IPv6 address takes IPv6 clients only. Makes `count` listening sockets for one address,
 * non-blocking, closed on exec, into fds[]. `bound` (may be NULL) gets the address with its real
 * port. A Unix socket is one, duplicated; a dead one's file is replaced. An address that another
 * process listens on is ERR_IN_USE, although SO_REUSEPORT would share it. On error nothing stays
 * open and `why` says what failed. */
enum err listener_open(const struct address *address, size_t count,
                       const struct listener_options *options, int fds[], struct address *bound,
                       char *why, size_t why_size);

/* Takes over listening sockets of a predecessor process: checks that each listens at `address`
 * (when its port is 0: any port) and puts the flags and options on them. They stay the caller's on
 * error. */
enum err listener_adopt(const struct address *address, const int fds[], size_t count,
                        const struct listener_options *options, struct address *bound, char *why,
                        size_t why_size);

/* Turns TCP_DEFER_ACCEPT off, so that connections that send nothing come out of the queue too
 * (before a hand-over). */
void listener_clear_deferred_accept(int fd);

enum { LISTENER_EVENT_WORDS = 16, LISTENER_BURST = 64 };

struct listener {
    struct loop *loop;
    int fd; /* not owned */
    bool is_paused;
    bool is_backing_off; /* out of descriptors or memory */
    uint32_t back_off_ms;
    uint64_t logged_ms;      /* the last line about it */
    _Atomic uint64_t pauses; /* for want of descriptors or memory; any thread may read it */
    /* The socket is the callee's: non-blocking, closed on exec. */
    void (*on_accept)(struct listener *listener, int fd, const struct sockaddr_storage *peer,
                      socklen_t peer_size);
    struct timer retry;
    uint64_t event[LISTENER_EVENT_WORDS];
};

/* Starts accepting on a socket of listener_open, at most LISTENER_BURST connections a turn.
 * on_accept may pause and stop. Out of descriptors or memory it pauses by itself (one log line) and
 * tries again after a while; who waits in the queue is not lost. */
enum err listener_start(struct listener *listener, struct loop *loop, int fd,
                        void (*on_accept)(struct listener *listener, int fd,
                                          const struct sockaddr_storage *peer,
                                          socklen_t peer_size));

/* Leaves connections in the queue until resumed. */
void listener_pause(struct listener *listener);
void listener_resume(struct listener *listener);

/* Ends the watch. The socket stays open and is its owner's. No harm when stopped already. */
void listener_stop(struct listener *listener);

#endif
