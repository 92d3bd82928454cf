#include "control/api/listen.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 128 };

static enum err
listen_fail(struct buf *error, const char *what, const char *where, int fd)
{
    int number = errno;
    buf_printf(error, "%s: %s: %s", where, what, strerror(number));
    if (fd >= 0) {
        close(fd);
    }
    return err_from_errno(number);
}

/* Whether somebody listens there: then it is not stale, whatever state directory they have. Even a
 * full queue (EAGAIN) is somebody's. */
static bool
listen_is_taken(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    bool is_taken = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
                    errno == EAGAIN || errno == EINPROGRESS;
    close(fd);
    return is_taken;
}

/* Only a socket is ever removed: a path that names something else is a mistake of the
 * configuration. */
static bool
listen_remove_stale(const char *path)
{
    struct stat facts;
    if (lstat(path, &facts) != 0) {
        return errno == ENOENT;
    }
    if (!S_ISSOCK(facts.st_mode)) {
        errno = EEXIST;
        return false;
    }
    return unlink(path) == 0;
}

static bool
listen_set_group(const char *path, const char *group)
{
    if (group[0] == '\0') {
        return true;
    }
    const struct group *entry = getgrnam(group);
    if (entry == NULL) {
        errno = ENOENT;
        return false;
    }
    return chown(path, (uid_t)-1, entry->gr_gid) == 0;
}

static enum err
listen_bind_unix(int fd, const struct sockaddr_un *address, uint32_t mode, const char *group,
                 struct buf *error)
{
    const char *path = address->sun_path;
    if (listen_is_taken(address)) {
        close(fd);
        buf_printf(error,
                   "%s: another daemon listens there; stop it first, or give this one a "
                   "control.socket of its own",
                   path);
        return ERR_IN_USE;
    }
    if (!listen_remove_stale(path)) {
        return listen_fail(error, "what is there cannot be removed", path, fd);
    }
    /* Nobody gets in before mode and group are set: not even the group until then. */
    mode_t mask = umask(0177);
    int bound = bind(fd, (const struct sockaddr *)address, sizeof(*address));
    umask(mask);
    if (bound != 0) {
        return listen_fail(error, "cannot bind", path, fd);
    }
    const char *what = !listen_set_group(path, group)    ? "cannot give it to control.group"
                       : chmod(path, mode) != 0          ? "cannot set control.mode"
                       : listen(fd, LISTEN_BACKLOG) != 0 ? "cannot listen"
                                                         : NULL;
    if (what != NULL) {
        enum err err = listen_fail(error, what, path, fd);
        unlink(path);
        return err;
    }
    return ERR_OK;
}

enum err
listen_unix(const char *path, uint32_t mode, const char *group, int *out, struct buf *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!span_to_string(span_of(path), address.sun_path, sizeof(address.sun_path))) {
        buf_printf(error, "%s: the path of a socket has at most %zu bytes", path,
                   sizeof(address.sun_path) - 1);
        return ERR_TOO_LARGE;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return listen_fail(error, "cannot make a socket", path, fd);
    }
    enum err err = listen_bind_unix(fd, &address, mode, group, error);
    if (err == ERR_OK) {
        *out = fd;
    }
    return err;
}

enum err
listen_tcp(const char *text, int *out, struct address *bound, struct buf *error)
{
    struct address address;
    const char *why = "";
    if (address_parse(span_of(text), &address, &why) != ERR_OK || address_is_unix(&address)) {
        buf_printf(error, "%s: the admin listener wants IPv4:port or [IPv6]:port", text);
        return ERR_INVALID;
    }
    int on = 1;
    int fd = socket(address.socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, (const struct sockaddr *)&address.socket, address.size) != 0 ||
        listen(fd, LISTEN_BACKLOG) != 0) {
        return listen_fail(error, "cannot listen", text, fd);
    }
    socklen_t size = sizeof(address.socket);
    if (getsockname(fd, (struct sockaddr *)&address.socket, &size) != 0 ||
        address_from_socket((const struct sockaddr *)&address.socket, size, bound) != ERR_OK) {
        return listen_fail(error, "cannot tell its address", text, fd);
    }
    *out = fd;
    return ERR_OK;
}
