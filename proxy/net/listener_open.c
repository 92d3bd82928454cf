#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "proxy/base/check.h"
#include "proxy/net/listener.h"

/* Where an opening stands, so that its steps can say what failed. */
struct opening {
    const struct address *address;
    const struct listener_options *options;
    char *why;
    size_t why_size;
};

static enum err
fail(const struct opening *opening, const char *what, int error)
{
    snprintf(opening->why, opening->why_size, "%s: %s: %s", opening->address->text, what,
             strerror(error));
    return err_from_errno(error);
}

static const struct sockaddr *
kernel_form(const struct address *address)
{
    return (const struct sockaddr *)&address->socket;
}

static int
new_socket(const struct address *address)
{
    return socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static bool
set_flag(int fd, int level, int name)
{
    int on = 1;
    return setsockopt(fd, level, name, &on, sizeof on) == 0;
}

/* What accepted connections inherit, and when they are given out. */
static bool
set_tcp_options(int fd, const struct listener_options *options)
{
    int seconds = (int)options->deferred_s;
    return set_flag(fd, IPPROTO_TCP, TCP_NODELAY) &&
           setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds) == 0;
}

void
listener_clear_deferred_accept(int fd)
{
    int seconds = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
}

/* SO_REUSEPORT lets a second process of the same user share the port and take part of the traffic
 * unnoticed: a bind without it tells whether somebody is there. */
static enum err
check_free(const struct opening *opening)
{
    if (address_port(opening->address) == 0) {
        return ERR_OK;
    }
    int fd = new_socket(opening->address);
    if (fd < 0) {
        return fail(opening, "socket", errno);
    }
    enum err err = ERR_OK;
    bool is_v6 = opening->address->socket.ss_family == AF_INET6;
    if (!set_flag(fd, SOL_SOCKET, SO_REUSEADDR) ||
        (is_v6 && !set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY)) ||
        bind(fd, kernel_form(opening->address), opening->address->size) != 0) {
        err = fail(opening, "bind", errno);
    }
    close(fd);
    return err;
}

static enum err
open_tcp(const struct opening *opening, const struct address *address, int *out)
{
    int fd = new_socket(address);
    if (fd < 0) {
        return fail(opening, "socket", errno);
    }
    bool is_v6 = address->socket.ss_family == AF_INET6;
    const char *step = "options";
    if (set_flag(fd, SOL_SOCKET, SO_REUSEADDR) && set_flag(fd, SOL_SOCKET, SO_REUSEPORT) &&
        (!is_v6 || set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY)) &&
        set_tcp_options(fd, opening->options)) {
        step = "bind";
        if (bind(fd, kernel_form(address), address->size) == 0) {
            *out = fd;
            return ERR_OK;
        }
    }
    enum err err = fail(opening, step, errno);
    close(fd);
    return err;
}

static void
close_all(const int fds[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        close(fds[i]);
    }
}

static enum err
read_bound(const struct opening *opening, int fd, struct address *bound)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    if (getsockname(fd, (struct sockaddr *)&name, &size) != 0) {
        return fail(opening, "getsockname", errno);
    }
    return address_from_socket((const struct sockaddr *)&name, size, bound);
}

/* All are bound before one listens: no connection goes to a socket that may be closed again. */
static enum err
open_all_tcp(const struct opening *opening, size_t count, int fds[], struct address *bound)
{
    enum err err = check_free(opening);
    size_t made = 0;
    struct address address = *opening->address;
    while (err == ERR_OK && made < count) {
        err = open_tcp(opening, &address, &fds[made]);
        made += err == ERR_OK;
        if (err == ERR_OK && made == 1) {
            err = read_bound(opening, fds[0], &address);
        }
    }
    int backlog = opening->options->backlog > 0 ? opening->options->backlog : SOMAXCONN;
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        err = listen(fds[i], backlog) == 0 ? ERR_OK : fail(opening, "listen", errno);
    }
    if (err != ERR_OK) {
        close_all(fds, made);
        return err;
    }
    *bound = address;
    return ERR_OK;
}

/* Removes the file of a Unix socket on which nobody listens. */
static enum err
clear_dead_socket(const struct opening *opening)
{
    struct sockaddr_un name;
    memcpy(&name, &opening->address->socket, sizeof name);
    struct stat status;
    if (lstat(name.sun_path, &status) != 0) {
        return errno == ENOENT ? ERR_OK : fail(opening, "stat", errno);
    }
    if (!S_ISSOCK(status.st_mode)) {
        return fail(opening, "a file that is no socket stands there", EEXIST);
    }
    int fd = new_socket(opening->address);
    if (fd < 0) {
        return fail(opening, "socket", errno);
    }
    bool is_dead = connect(fd, kernel_form(opening->address), opening->address->size) != 0 &&
                   errno == ECONNREFUSED;
    close(fd);
    if (!is_dead) {
        return fail(opening, "bind", EADDRINUSE);
    }
    return unlink(name.sun_path) == 0 ? ERR_OK : fail(opening, "unlink", errno);
}

static enum err
open_all_unix(const struct opening *opening, size_t count, int fds[])
{
    enum err err = clear_dead_socket(opening);
    if (err != ERR_OK) {
        return err;
    }
    int fd = new_socket(opening->address);
    if (fd < 0) {
        return fail(opening, "socket", errno);
    }
    int backlog = opening->options->backlog > 0 ? opening->options->backlog : SOMAXCONN;
    size_t made = 0;
    fds[made++] = fd;
    if (bind(fd, kernel_form(opening->address), opening->address->size) != 0 ||
        listen(fd, backlog) != 0) {
        err = fail(opening, "bind", errno);
    }
    while (err == ERR_OK && made < count) {
        fds[made] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        err = fds[made] >= 0 ? ERR_OK : fail(opening, "dup", errno);
        made += err == ERR_OK;
    }
    if (err != ERR_OK) {
        close_all(fds, made);
    }
    return err;
}

enum err
listener_open(const struct address *address, size_t count, const struct listener_options *options,
              int fds[], struct address *bound, char *why, size_t why_size)
{
    CHECK(count > 0);
    struct opening opening = {address, options, why, why_size};
    struct address real = *address;
    enum err err = address_is_unix(address) ? open_all_unix(&opening, count, fds)
                                            : open_all_tcp(&opening, count, fds, &real);
    if (err == ERR_OK && bound != NULL) {
        *bound = real;
    }
    return err;
}

static bool
is_at(const struct address *wanted, const struct address *found)
{
    if (address_is_unix(wanted) || address_port(wanted) != 0) {
        return address_equal(wanted, found);
    }
    char wanted_host[ADDRESS_TEXT_SIZE];
    char found_host[ADDRESS_TEXT_SIZE];
    address_format_host(kernel_form(wanted), wanted_host);
    address_format_host(kernel_form(found), found_host);
    return strcmp(wanted_host, found_host) == 0;
}

static enum err
adopt_one(const struct opening *opening, int fd, struct address *found)
{
    int is_listening = 0;
    socklen_t size = sizeof is_listening;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) != 0) {
        return fail(opening, "inherited descriptor", errno);
    }
    if (!is_listening) {
        return fail(opening, "inherited descriptor does not listen", EINVAL);
    }
    enum err err = read_bound(opening, fd, found);
    if (err != ERR_OK) {
        return err;
    }
    if (!is_at(opening->address, found)) {
        snprintf(opening->why, opening->why_size, "%s: inherited descriptor listens on %s",
                 opening->address->text, found->text);
        return ERR_INVALID;
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        (!address_is_unix(found) && !set_tcp_options(fd, opening->options))) {
        return fail(opening, "options", errno);
    }
    return ERR_OK;
}

enum err
listener_adopt(const struct address *address, const int fds[], size_t count,
               const struct listener_options *options, struct address *bound, char *why,
               size_t why_size)
{
    struct opening opening = {address, options, why, why_size};
    struct address found = *address;
    for (size_t i = 0; i < count; i++) {
        enum err err = adopt_one(&opening, fds[i], &found);
        if (err != ERR_OK) {
            return err;
        }
    }
    if (bound != NULL) {
        *bound = found;
    }
    return ERR_OK;
}
