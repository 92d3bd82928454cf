/* What a service manager is told, by path and by abstract name, and that nobody waits for it. */
#include "tests/unit/base/base_test.h"
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "control/notify.h"

/* A manager's socket; `name` begins with '@' for an abstract one. */
static int
manager(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, size), 0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static void
assert_told(int fd, const char *text)
{
    char got[64] = "";
    ssize_t size = recv(fd, got, sizeof(got) - 1, 0);
    assert_int_equal(size, strlen(text));
    assert_string_equal(got, text);
}

static void
test_told(void **state)
{
    char names[2][64];
    (void)state;
    snprintf(names[0], sizeof(names[0]), "/tmp/turnout-notify-%d", getpid());
    snprintf(names[1], sizeof(names[1]), "@turnout-notify-%d", getpid());
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        int fd = manager(names[i]);
        notify_send("READY=1");
        assert_told(fd, "READY=1");
        notify_send("STOPPING=1\nSTATUS=bye");
        assert_told(fd, "STOPPING=1\nSTATUS=bye");
        close(fd);
        unlink(names[i]);
    }
}

static void
test_nobody(void **state)
{
    char too_long[200];
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    notify_send("READY=1");
    setenv("NOTIFY_SOCKET", "", 1);
    notify_send("READY=1");
    setenv("NOTIFY_SOCKET", "/no/such/socket", 1);
    notify_send("READY=1");
    memset(too_long, 'a', sizeof(too_long) - 1);
    too_long[sizeof(too_long) - 1] = '\0';
    setenv("NOTIFY_SOCKET", too_long, 1);
    notify_send("READY=1");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
