/*
 * connect: begins connections to instances. One thread, that of the loop.
 */
#ifndef TURNOUT_NET_CONNECT_H
#define TURNOUT_NET_CONNECT_H

#include "proxy/base/address.h"
#include "proxy/net/stream.h"

/* Begins to connect (TCP with TCP_NODELAY, or Unix) and inits the stream with the socket,
 * unregistered. The caller may write at once: a connection still on its way gives STREAM_AGAIN, a
 * failed one STREAM_FAILED with the reason of the connect. On error (refused at once, unreachable,
 * out of descriptors: ERR_LIMIT) the stream is closed (fd -1, error set). */
enum err connect_start(struct stream *stream, struct loop *loop, const struct address *address,
                       void (*on_ready)(struct stream *stream));

/* Whether the connection stands: ERR_OK, ERR_BUSY while it is on its way, or why it failed. One
 * system call; for those who only want to connect. */
enum err connect_result(struct stream *stream);

#endif
