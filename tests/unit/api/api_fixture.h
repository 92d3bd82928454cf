/*
 * api_fixture: the API on a real socket and a fake runner, its loop turned by the test, and clients
 * that speak to it byte by byte. Included by one file of a test program, after cmocka; one thread.
 */
#ifndef TURNOUT_TESTS_API_FIXTURE_H
#define TURNOUT_TESTS_API_FIXTURE_H

#include <event2/event.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "control/api/api.h"
#include "control/api/server.h"
#include "proxy/base/address.h"
#include "proxy/base/clock.h"
#include "tests/unit/api/fake_runner.h"

enum { PATIENCE_US = 20 * 1000000 };

struct fixture {
    struct event_base *base;
    struct api *api;
    char path[64];
};

static struct fixture fixture;

static void
list_certificates(void *arg, void (*tell)(void *to, const struct api_certificate *certificate),
                  void *to)
{
    const struct api_certificate one = {"0.0.0.0:8443", "www.example.com", "/etc/site.pem",
                                        1800000000000000, ""};
    (void)arg;
    tell(to, &one);
}

static enum err
reload_certificates(void *arg, struct buf *report)
{
    (void)arg;
    buf_append_text(report, "site.pem: the key does not fit");
    return ERR_INVALID;
}

static int
set_up(void **state)
{
    struct buf error;
    (void)state;
    memset(&fake, 0, sizeof(fake));
    fixture.base = event_base_new();
    snprintf(fixture.path, sizeof(fixture.path), "/tmp/turnout-api-%d.sock", (int)getpid());
    const struct api_options options = {
        .base = fixture.base,
        .socket_path = fixture.path,
        .socket_mode = 0660,
        .socket_group = "",
        .admin_address = "127.0.0.1:0",
        .certificates = {list_certificates, reload_certificates, NULL},
    };
    buf_init(&error);
    enum err err = api_new(&options, &fixture.api, &error);
    if (err != ERR_OK) {
        fprintf(stderr, "%s\n", buf_string(&error));
    }
    buf_fini(&error);
    return err == ERR_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    api_free(fixture.api);
    event_base_free(fixture.base);
    assert_int_equal(fake.followers, 0);
    assert_int_equal(access(fixture.path, F_OK), -1);
    return 0;
}

static int
connect_to(const struct sockaddr *address, socklen_t size)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, address, size), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static int
connect_control(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, fixture.path, strlen(fixture.path) + 1);
    return connect_to((struct sockaddr *)&address, sizeof(address));
}

static int
connect_admin(void)
{
    struct address address;
    const char *why;
    assert_int_equal(address_parse(span_of(api_admin_address(fixture.api)), &address, &why),
                     ERR_OK);
    return connect_to((struct sockaddr *)&address.socket, address.size);
}

static void
turn(void)
{
    struct timeval moment = {.tv_usec = 1000};
    event_base_loopexit(fixture.base, &moment);
    event_base_loop(fixture.base, EVLOOP_ONCE);
}

/* Sends what the socket takes, turning the loop in between. */
static void
send_all(int fd, const char *text, size_t size)
{
    uint64_t end_us = clock_mono_us() + PATIENCE_US;
    while (size > 0 && clock_mono_us() < end_us) {
        ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            return;
        }
        text += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
        turn();
    }
}

/* Reads until `needle` is there, or the peer closed; what was read, as a string. */
static const char *
read_until(int fd, const char *needle)
{
    static char text[1024 * 1024];
    size_t size = 0;
    uint64_t end_us = clock_mono_us() + PATIENCE_US;
    text[0] = '\0';
    while (clock_mono_us() < end_us && (needle == NULL || strstr(text, needle) == NULL)) {
        turn();
        ssize_t got = recv(fd, text + size, sizeof(text) - size - 1, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            break;
        }
        size += got > 0 ? (size_t)got : 0;
        text[size] = '\0';
    }
    return text;
}

static int
ask(int fd, const char *method, const char *path, const char *body)
{
    char request[4096];
    int size = snprintf(request, sizeof(request),
                        "%s %s HTTP/1.1\r\nHost: t\r\nContent-Length: %zu\r\n\r\n%s", method, path,
                        body == NULL ? (size_t)0 : strlen(body), body == NULL ? "" : body);
    send_all(fd, request, (size_t)size);
    return fd;
}

static void
expect(int fd, const char *words)
{
    const char *text = read_until(fd, words);
    if (strstr(text, words) == NULL) {
        fail_msg("wanted %s, got %s", words, text);
    }
}

static void
turn_until_submitted(unsigned count)
{
    uint64_t end_us = clock_mono_us() + PATIENCE_US;
    while (fake.submitted < count && clock_mono_us() < end_us) {
        turn();
    }
    assert_int_equal(fake.submitted, count);
}

#endif
