/*
 * engine_kit: an engine over real sockets, with the control loop turned by hand: one role, one
 * listener, tables made of numbered sets.
 */
#ifndef TURNOUT_TESTS_ENGINE_KIT_H
#define TURNOUT_TESTS_ENGINE_KIT_H

#include "tests/unit/base/base_test.h"
#include "proxy/engine.h"
#include "tests/unit/net/support.h"

enum { WORKERS = 2, READ_MAX = 4096 };

static const struct role_settings web = {
    .name = "web",
    .connect_ms = 5000,
    .response_ms = 30000,
    .stall_ms = 30000,
    .upstream_idle_ms = 4000,
    .retries = 1,
    .hold_max_ms = 5000,
    .hold_requests = 100,
    .hold_bytes = 1 << 20,
    .preview_host = "www.example.com",
    .hsts = "",
};
static const struct role_settings *const roles[] = {&web};
static const struct client_settings clients = {
    .header_ms = 10000,
    .body_ms = 30000,
    .send_ms = 30000,
    .idle_ms = 60000,
    .request_line = 8192,
    .header_bytes = 16384,
    .headers = 100,
};

/* One engine with what it stands on: a control loop, a route map, a listener. */
struct kit {
    struct loop *loop;
    struct route_map *routes;
    struct address bound;
    int fds[WORKERS];
    struct engine_listener listener;
    struct engine_options options;
    struct engine *engine;
    unsigned passed_calls;
};

static inline void
on_passed(void *argument)
{
    ((struct kit *)argument)->passed_calls++;
}

static inline void
kit_prepare(struct kit *kit)
{
    static const struct route_claim claim = {"*", "/", 0};
    struct address address = parsed("127.0.0.1:0");
    const struct listener_options options = {0};
    char why[256];
    size_t at;
    memset(kit, 0, sizeof(*kit));
    assert_int_equal(loop_new(&kit->loop), ERR_OK);
    assert_int_equal(route_map_new(&claim, 1, &kit->routes, &at), ERR_OK);
    assert_int_equal(
        listener_open(&address, WORKERS, &options, kit->fds, &kit->bound, why, sizeof(why)),
        ERR_OK);
    kit->listener = (struct engine_listener){.address = kit->bound.text, .fds = kit->fds};
    kit->options = (struct engine_options){
        .worker_count = WORKERS,
        .node = "edge-1",
        .clients = &clients,
        .roles = roles,
        .role_count = 1,
        .listeners = &kit->listener,
        .listener_count = 1,
        .access_log_path = "",
        .control_loop = kit->loop,
        .on_passed = on_passed,
        .argument = kit,
    };
}

static inline void
kit_end(struct kit *kit)
{
    engine_stop(kit->engine);
    route_map_free(kit->routes);
    loop_free(kit->loop);
}

/* A table with sets 1 to `count`, each with one instance at the address; `live` of them is live, 0:
 * none. */
static inline struct table *
make_table(const struct kit *kit, const struct address *instance, uint32_t first, uint32_t count,
           uint32_t live)
{
    struct table *table;
    assert_int_equal(table_new(kit->routes, 1, count, &table), ERR_OK);
    table->roles[0].settings = &web;
    for (uint32_t i = 0; i < count; i++) {
        struct table_set *set = &table->sets[i];
        set->id = first + i;
        snprintf(set->build, sizeof(set->build), "v%u", first + i);
        assert_int_equal(table_set_reserve(set, 1), ERR_OK);
        set->instances[0].address = *instance;
        set->instances[0].is_up = true;
        table_set_finish(set);
        if (set->id == live) {
            table->roles[0].live = i;
        }
    }
    return table;
}

/* Starts with set 1, live or not. */
static inline void
kit_start(struct kit *kit, const struct address *instance, uint32_t live)
{
    char error[256];
    kit_prepare(kit);
    struct table *table = make_table(kit, instance, 1, 1, live);
    assert_int_equal(engine_start(&kit->options, table, &kit->engine, error, sizeof(error)),
                     ERR_OK);
}

static inline int
dial(const struct address *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, (const struct sockaddr *)&address->socket, address->size), 0);
    return fd;
}

/* Reads until the text has come. */
static inline void
expect(int fd, const char *text)
{
    char got[READ_MAX + 1] = "";
    size_t size = 0;
    while (strstr(got, text) == NULL) {
        ssize_t more = recv(fd, got + size, READ_MAX - size, 0);
        if (more <= 0) {
            print_error("wanted %s, got %s\n", text, got);
        }
        assert_true(more > 0);
        size += (size_t)more;
        got[size] = '\0';
    }
}

static inline void
expect_closed(int fd)
{
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
}

#endif
