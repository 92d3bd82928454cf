#include "tests/e2e/tools/strain/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/e2e/tools/common/net.h"
#include "tests/e2e/tools/strain/order.h"

enum { READ_BYTES = 256 * 1024, BODY_KEPT = 4096, BODY_MAX = 1024 * 1024 };

struct totals totals;
bool client_stops;

static void __attribute__((format(printf, 2, 3)))
client_fail(struct client *client, const char *format, ...)
{
    static const char *const kinds[] = {"mixed", "slow", "pipeline"};
    totals.failed++;
    if (totals.first_failure[0] != '\0') {
        return;
    }
    char what[384];
    va_list list;
    va_start(list, format);
    vsnprintf(what, sizeof(what), format, list);
    va_end(list);
    for (char *at = what; *at != '\0'; at++) {
        *at = *at == '"' || *at == '\\' || (unsigned char)*at < ' ' ? '\'' : *at;
    }
    snprintf(totals.first_failure, sizeof(totals.first_failure), "%s client: %s",
             kinds[client->kind], what);
}

/* Small bodies are more usual than large ones; all sizes up to 1 MiB occur, 0 too. */
static uint64_t
size_drawn(struct client *client)
{
    static const uint64_t limits[] = {1, 200, 200, 4000, 20000, 70000, 300000, BODY_MAX + 1};
    return net_random(&client->seed, limits[net_random(&client->seed, 8)]);
}

static struct asked *
ask(struct client *client)
{
    struct asked *asked = &client->asked[client->asked_count++];
    *asked = (struct asked){.begun_us = net_now_us()};
    totals.sent++;
    return asked;
}

static void
ask_mixed(struct client *client)
{
    struct asked *asked = ask(client);
    asked->body_size = size_drawn(client);
    asked->is_post = net_random(&client->seed, 2) == 0;
    if (!asked->is_post) {
        buf_print(&client->out, "GET /_body?size=%llu HTTP/1.1\r\nHost: www.example.com\r\n\r\n",
                  (unsigned long long)asked->body_size);
        return;
    }
    buf_print(&client->out,
              "POST /_upload HTTP/1.1\r\nHost: www.example.com\r\nX-Post-Id: s%lu\r\n"
              "Content-Length: %llu\r\n\r\n",
              ++totals.posts, (unsigned long long)asked->body_size);
    char *at = buf_reserve(&client->out, (size_t)asked->body_size);
    memset(at, 'x', (size_t)asked->body_size);
    client->out.size += (size_t)asked->body_size;
}

static void
ask_slow(struct client *client)
{
    struct asked *asked = ask(client);
    asked->body_size = 64 * 1024 + net_random(&client->seed, 64 * 1024);
    buf_print(&client->out,
              "GET /_body?size=%llu&piece=4096&pause_ms=%llu HTTP/1.1\r\n"
              "Host: www.example.com\r\n\r\n",
              (unsigned long long)asked->body_size,
              (unsigned long long)(20 + net_random(&client->seed, 60)));
}

static void
ask_pipeline(struct client *client)
{
    static unsigned id;
    while (client->asked_count < CLIENT_DEPTH) {
        struct asked *asked = ask(client);
        asked->id = ++id;
        buf_print(&client->out, "GET /p%u HTTP/1.1\r\nHost: www.example.com\r\n\r\n", asked->id);
    }
}

static void
client_ask(struct client *client)
{
    client->is_idle = client_stops;
    if (client_stops) {
        return;
    }
    if (client->kind == CLIENT_MIXED) {
        ask_mixed(client);
    } else if (client->kind == CLIENT_SLOW) {
        ask_slow(client);
    } else {
        ask_pipeline(client);
    }
}

void
client_start(struct client *client, const char *address)
{
    client->in.size = 0;
    client->out.size = 0;
    client->body.size = 0;
    client->asked_count = 0;
    client->first_us = 0;
    client->has_head = false;
    client->fd = net_connect(address);
    if (client->fd < 0) {
        fprintf(stderr, "connect %s: %s\n", address, strerror(errno));
        exit(1);
    }
    client_ask(client);
}

/* The value of a field in the head at the front of in; the head ends with a NUL now. */
static bool
head_field(const char *head, const char *name, char *out, size_t out_size)
{
    const char *line = strcasestr(head, name);
    if (line == NULL) {
        return false;
    }
    line += strlen(name);
    snprintf(out, out_size, "%.*s", (int)strcspn(line, "\r"), line);
    return true;
}

static void
count_build(const char *build)
{
    for (int i = 0; i < 2; i++) {
        if (totals.build[i][0] == '\0') {
            snprintf(totals.build[i], sizeof(totals.build[i]), "%s", build);
        }
        if (strcmp(totals.build[i], build) == 0) {
            totals.by_build[i]++;
            return;
        }
    }
}

/* True if the head is right; the body's size is known then. */
static bool
head_judge(struct client *client, const char *head)
{
    char build[128];
    char length[32];
    const struct asked *asked = &client->asked[0];
    if (strncmp(head, "HTTP/1.1 200 ", 13) != 0) {
        client_fail(client, "answer %.200s", head);
        return false;
    }
    if (!head_field(head, "\r\nX-Build: ", build, sizeof(build)) ||
        !head_field(head, "\r\nContent-Length: ", length, sizeof(length))) {
        client_fail(client, "no build or length: %.200s", head);
        return false;
    }
    client->body_left = strtoull(length, NULL, 10);
    client->body_at = 0;
    if (client->kind != CLIENT_PIPELINE && !asked->is_post &&
        client->body_left != asked->body_size) {
        client_fail(client, "length %s for %llu", length, (unsigned long long)asked->body_size);
        return false;
    }
    count_build(build);
    if (!order_answer(build, asked->begun_us, client->first_us)) {
        totals.out_of_order++;
        client_fail(client, "out of order: %s answered what was begun at %llu", build,
                    (unsigned long long)asked->begun_us);
    }
    return true;
}

static bool
body_judge(struct client *client)
{
    const struct asked *asked = &client->asked[0];
    char wanted[64];
    buf_add(&client->body, "", 1);
    if (asked->is_post) {
        snprintf(wanted, sizeof(wanted), "{\"bytes\":%llu,", (unsigned long long)asked->body_size);
    } else {
        snprintf(wanted, sizeof(wanted), " /p%u\n", asked->id);
    }
    bool is_right = (asked->is_post || client->kind == CLIENT_PIPELINE)
                        ? strstr(client->body.at, wanted) != NULL
                        : true;
    if (!is_right) {
        client_fail(client, "body %.100s instead of %s", client->body.at, wanted);
    }
    return is_right;
}

static bool
body_take(struct client *client)
{
    size_t size = client->in.size < client->body_left ? client->in.size : (size_t)client->body_left;
    bool is_pattern = client->kind != CLIENT_PIPELINE && !client->asked[0].is_post;
    for (size_t i = 0; is_pattern && i < size; i++) {
        if (client->in.at[i] != (char)('a' + (client->body_at + i) % 26)) {
            client_fail(client, "a wrong byte at %llu", (unsigned long long)(client->body_at + i));
            return false;
        }
    }
    if (!is_pattern && client->body.size + size < BODY_KEPT) {
        buf_add(&client->body, client->in.at, size);
    }
    client->body_at += size;
    client->body_left -= size;
    buf_cut(&client->in, size);
    return true;
}

static bool
answer_done(struct client *client)
{
    if (!body_judge(client)) {
        return false;
    }
    totals.answered++;
    totals.downloads += client->kind == CLIENT_SLOW ? 1 : 0;
    totals.pipelined += client->kind == CLIENT_PIPELINE ? 1 : 0;
    client->asked_count--;
    memmove(client->asked, client->asked + 1, client->asked_count * sizeof(client->asked[0]));
    client->has_head = false;
    client->body.size = 0;
    client->first_us = client->in.size > 0 ? net_now_us() : 0;
    if (client->asked_count == 0) {
        client_ask(client);
    }
    return true;
}

static bool
answers_read(struct client *client)
{
    for (;;) {
        if (!client->has_head) {
            char *end =
                client->in.size < 4 ? NULL : memmem(client->in.at, client->in.size, "\r\n\r\n", 4);
            if (end == NULL) {
                return true;
            }
            end[3] = '\0';
            if (client->asked_count == 0) {
                client_fail(client, "an answer that nobody asked for");
                return false;
            }
            if (!head_judge(client, client->in.at)) {
                return false;
            }
            client->has_head = true;
            buf_cut(&client->in, (size_t)(end - client->in.at) + 4);
        }
        if (!body_take(client)) {
            return false;
        }
        if (client->body_left > 0) {
            return true;
        }
        if (!answer_done(client)) {
            return false;
        }
    }
}

static bool
client_send(struct client *client)
{
    while (client->out.size > 0) {
        ssize_t sent = send(client->fd, client->out.at, client->out.size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            client_fail(client, "send: %s", strerror(errno));
            return false;
        }
        if (sent < 0) {
            return true;
        }
        buf_cut(&client->out, (size_t)sent);
    }
    return true;
}

static bool
client_receive(struct client *client)
{
    ssize_t got = recv(client->fd, buf_reserve(&client->in, READ_BYTES), READ_BYTES, 0);
    if (got > 0) {
        client->first_us = client->first_us != 0 ? client->first_us : net_now_us();
        client->in.size += (size_t)got;
        return answers_read(client);
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    client_fail(client, "connection ended (%s) with %u requests open",
                got == 0 ? "FIN" : strerror(errno), client->asked_count);
    return false;
}

bool
client_run(struct client *client)
{
    if (client_send(client) && client_receive(client) && client_send(client)) {
        return false;
    }
    close(client->fd);
    return true;
}
