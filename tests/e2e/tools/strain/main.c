/* test-strain: many clients at once on one clock, while somebody else moves the traffic.

   test-strain ADDRESS BUILD [MIXED [SLOW [PIPELINING]]]
   Lines on standard input: "flip BUILD" before a cutover begins, "flipped" when it has returned,
   "stop" to ask nothing new, take what is open, and end with the totals as one JSON object. Each
   line is answered by "ok" once it is in force. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/e2e/tools/common/net.h"
#include "tests/e2e/tools/strain/client.h"
#include "tests/e2e/tools/strain/order.h"

enum { EVENTS_MAX = 256, STOP_US = 30 * 1000000 };

static const char *address;
static int epoll_fd;
static struct client *clients;
static unsigned client_count;
static uint64_t stopped_us;

static void
watch(struct client *client, int operation)
{
    uint32_t events = EPOLLIN | (client->out.size > 0 ? (uint32_t)EPOLLOUT : 0);
    struct epoll_event event = {.events = events, .data.ptr = client};
    if (epoll_ctl(epoll_fd, operation, client->fd, &event) != 0) {
        perror("epoll_ctl");
        exit(1);
    }
}

static void
line_take(const char *line)
{
    if (strncmp(line, "flip ", 5) == 0) {
        order_flip(line + 5, net_now_us());
    } else if (strcmp(line, "flipped") == 0) {
        order_flipped(net_now_us());
    } else {
        client_stops = true;
        stopped_us = net_now_us();
    }
    printf("ok\n");
}

static void
lines_read(void)
{
    static char text[4096];
    static size_t size;
    ssize_t got = read(STDIN_FILENO, text + size, sizeof(text) - 1 - size);
    if (got <= 0) {
        exit(1);
    }
    size += (size_t)got;
    text[size] = '\0';
    for (char *end = strchr(text, '\n'); end != NULL; end = strchr(text, '\n')) {
        *end = '\0';
        line_take(text);
        size -= (size_t)(end + 1 - text);
        memmove(text, end + 1, size + 1);
    }
}

static void
clients_start(unsigned mixed, unsigned slow, unsigned pipelining)
{
    client_count = mixed + slow + pipelining;
    clients = calloc(client_count, sizeof(*clients));
    for (unsigned i = 0; clients != NULL && i < client_count; i++) {
        struct client *client = &clients[i];
        client->kind = i < mixed ? CLIENT_MIXED : i < mixed + slow ? CLIENT_SLOW : CLIENT_PIPELINE;
        client->seed = i + 1;
        client_start(client, address);
        watch(client, EPOLL_CTL_ADD);
    }
}

static bool
all_idle(void)
{
    for (unsigned i = 0; i < client_count; i++) {
        if (!clients[i].is_idle) {
            return false;
        }
    }
    return true;
}

static void
totals_print(void)
{
    unsigned open = 0;
    for (unsigned i = 0; i < client_count; i++) {
        open += clients[i].asked_count;
    }
    printf("{\"sent\":%lu,\"answered\":%lu,\"open\":%u,\"failed\":%lu,\"out_of_order\":%lu,"
           "\"posts\":%lu,\"downloads\":%lu,\"pipelined\":%lu,\"flips_seen\":%u,"
           "\"builds\":{\"%s\":%lu,\"%s\":%lu},\"first_failure\":\"%s\"}\n",
           totals.sent, totals.answered, open, totals.failed, totals.out_of_order, totals.posts,
           totals.downloads, totals.pipelined, order_seen(), totals.build[0], totals.by_build[0],
           totals.build[1][0] == '\0' ? "-" : totals.build[1], totals.by_build[1],
           totals.first_failure);
}

static void
turn(void)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(epoll_fd, events, EVENTS_MAX, 100);
    for (int i = 0; i < count; i++) {
        struct client *client = events[i].data.ptr;
        if (client == NULL) {
            lines_read();
            continue;
        }
        if (client_run(client)) {
            client_start(client, address);
            watch(client, EPOLL_CTL_ADD);
        } else {
            watch(client, EPOLL_CTL_MOD);
        }
    }
}

int
main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: test-strain ADDRESS BUILD [MIXED [SLOW [PIPELINING]]]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    address = argv[1];
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &input);
    order_begin(argv[2]);
    clients_start(argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 64,
                  argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 20,
                  argc > 5 ? (unsigned)strtoul(argv[5], NULL, 10) : 8);
    while (!client_stops || (!all_idle() && net_now_us() - stopped_us < STOP_US)) {
        turn();
    }
    totals_print();
    return 0;
}
