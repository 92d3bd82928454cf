#include "proxy/net/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static int
open_socket(const struct address *address)
{
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && !address_is_unix(address)) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return fd;
}

static enum err
refuse(struct stream *stream, int error)
{
    stream->error = error;
    stream->has_failed = true;
    return err_from_errno(error);
}

enum err
connect_start(struct stream *stream, struct loop *loop, const struct address *address,
              void (*on_ready)(struct stream *stream))
{
    stream_init(stream, loop, -1, on_ready);
    stream->is_outgoing = true;
    int fd = open_socket(address);
    if (fd < 0) {
        return refuse(stream, errno);
    }
    if (connect(fd, (const struct sockaddr *)&address->socket, address->size) != 0 &&
        errno != EINPROGRESS) {
        int error = errno;
        close(fd);
        return refuse(stream, error);
    }
    stream->fd = fd;
    stream->may_write = true;
    return ERR_OK;
}

enum err
connect_result(struct stream *stream)
{
    if (stream->has_failed) {
        return stream_err(stream);
    }
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
        return refuse(stream, error != 0 ? error : errno);
    }
    struct sockaddr_storage peer;
    size = sizeof peer;
    if (getpeername(stream->fd, (struct sockaddr *)&peer, &size) == 0) {
        return ERR_OK;
    }
    stream->may_write = false; /* so that its end is told as gained */
    return ERR_BUSY;
}
