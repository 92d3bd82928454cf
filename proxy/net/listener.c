#include "proxy/net/listener.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include "proxy/base/check.h"
#include "proxy/base/log.h"
#include "proxy/net/loop_parts.h"

_Static_assert(sizeof(struct event) <= sizeof((struct listener *)0)->event, "event storage");

enum { BACK_OFF_MIN_MS = 10, BACK_OFF_MAX_MS = 1000, LOG_EVERY_MS = 10000 };

static struct event *
listener_event(struct listener *listener)
{
    return (struct event *)(void *)listener->event;
}

static bool
is_watched(const struct listener *listener)
{
    return listener->fd >= 0 && !listener->is_paused && !listener->is_backing_off;
}

static void
log_back_off(struct listener *listener, int error)
{
    uint64_t now = loop_now_ms(listener->loop);
    if (listener->logged_ms != 0 && now - listener->logged_ms < LOG_EVERY_MS) {
        return;
    }
    listener->logged_ms = now;
    LOG(ACCEPT_PAUSED, "fd=%d error=\"%s\" retry_ms=%u", listener->fd, strerror(error),
        listener->back_off_ms);
}

/* The socket stays readable while connections wait: it is not watched until the timer rings, or the
 * loop would spin. */
static void
back_off(struct listener *listener, int error)
{
    uint32_t wait_ms = listener->back_off_ms * 2;
    wait_ms = wait_ms < BACK_OFF_MIN_MS ? BACK_OFF_MIN_MS : wait_ms;
    listener->back_off_ms = wait_ms < BACK_OFF_MAX_MS ? wait_ms : BACK_OFF_MAX_MS;
    listener->is_backing_off = true;
    listener->pauses++;
    event_del(listener_event(listener));
    timer_set(listener->loop, &listener->retry, listener->back_off_ms);
    log_back_off(listener, error);
}

/* Errors of one connection that died in the queue (accept(2)), not of accepting. */
static bool
is_of_connection(int error)
{
    switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ETIMEDOUT:
        return true;
    default:
        return false;
    }
}

/* One connection off the queue; false when there is nothing more to do now. */
static bool
accept_one(struct listener *listener)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    int fd = accept4(listener->fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        listener->back_off_ms = 0;
        listener->on_accept(listener, fd, &peer, size);
        return is_watched(listener);
    }
    if (errno == EAGAIN) {
        return false;
    }
    if (!is_of_connection(errno)) {
        back_off(listener, errno);
        return false;
    }
    return true;
}

static void
on_event(int fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct listener *listener = arg;
    for (int i = 0; i < LISTENER_BURST && accept_one(listener); i++) {
    }
}

/* Without memory for the watch there is nothing better than to try again later. */
static void
watch(struct listener *listener)
{
    if (is_watched(listener) && event_add(listener_event(listener), NULL) != 0) {
        back_off(listener, ENOMEM);
    }
}

static void
on_retry(struct timer *timer)
{
    struct listener *listener = LIST_ITEM(timer, struct listener, retry);
    listener->is_backing_off = false;
    watch(listener);
}

enum err
listener_start(struct listener *listener, struct loop *loop, int fd,
               void (*on_accept)(struct listener *listener, int fd,
                                 const struct sockaddr_storage *peer, socklen_t peer_size))
{
    *listener = (struct listener){.loop = loop, .fd = fd, .on_accept = on_accept};
    timer_init(&listener->retry, on_retry);
    struct event *event = listener_event(listener);
    if (event_assign(event, loop->base, fd, EV_READ | EV_PERSIST, on_event, listener) != 0 ||
        event_add(event, NULL) != 0) {
        listener->fd = -1;
        return ERR_NO_MEMORY;
    }
    return ERR_OK;
}

void
listener_pause(struct listener *listener)
{
    if (is_watched(listener)) {
        event_del(listener_event(listener));
    }
    listener->is_paused = true;
}

void
listener_resume(struct listener *listener)
{
    if (listener->is_paused) {
        listener->is_paused = false;
        watch(listener);
    }
}

void
listener_stop(struct listener *listener)
{
    if (listener->fd < 0) {
        return;
    }
    listener_pause(listener);
    timer_clear(&listener->retry);
    listener->is_backing_off = false;
    listener->fd = -1;
}
