/* Listeners and their certificates: opened or refused with a reason, looked at again, the old one
 * kept while a new one is no good. */
#include "tests/unit/base/base_test.h"
#include "control/doors.h"
#include "tests/unit/net/tls_kit.h"

static const uint8_t secret[32] = "not much of a secret, but long.";

struct told {
    size_t count;
    char names[256];
    char trouble[512];
    uint64_t not_after_us;
};

static void
tell(void *to, const struct api_certificate *certificate)
{
    struct told *told = to;
    told->count++;
    snprintf(told->names, sizeof(told->names), "%s", certificate->names);
    snprintf(told->trouble, sizeof(told->trouble), "%s", certificate->trouble);
    told->not_after_us = certificate->not_after_us;
}

/* A configuration of one TLS listener with the pair "site", and a cleartext one at the address. */
static struct conf *
load(const char *cleartext)
{
    char text[1024];
    struct conf *conf = NULL;
    struct buf errors;
    buf_init(&errors);
    snprintf(text, sizeof(text),
             "state_dir = \"state\"; listeners = ( { address = \"%s\"; },"
             " { address = \"127.0.0.1:0\"; tls = { certificates = "
             "( { cert = \"site.crt\"; key = \"site.key\"; } ); }; } );"
             "roles = ( { name = \"web\"; hosts = ( \"www.example.com\" );"
             " health = { path = \"/\"; }; } );",
             cleartext);
    enum err err = conf_load_text(span_of(text), "test.cfg", kit_folder, &conf, &errors);
    if (err != ERR_OK) {
        print_error("%s\n", buf_string(&errors));
    }
    assert_int_equal(err, ERR_OK);
    buf_fini(&errors);
    return conf;
}

/* Doors with an engine behind them, as turnoutd wires them. */
struct house {
    struct conf *conf;
    struct doors *doors;
    struct loop *loop;
    struct route_map *routes;
    struct engine *engine;
};

static void
house_open(struct house *house)
{
    static const struct role_settings *roles[1];
    struct table *table;
    char error[512] = "";
    size_t at;
    house->conf = load("127.0.0.1:0");
    roles[0] = &house->conf->roles[0].settings;
    assert_int_equal(
        doors_open(house->conf, 2, secret, sizeof(secret), &house->doors, error, sizeof(error)),
        ERR_OK);
    assert_int_equal(loop_new(&house->loop), ERR_OK);
    assert_int_equal(route_map_new(NULL, 0, &house->routes, &at), ERR_OK);
    assert_int_equal(table_new(house->routes, 1, 0, &table), ERR_OK);
    table->roles[0].settings = roles[0];
    struct engine_options options = {.node = "n",
                                     .clients = &house->conf->clients,
                                     .roles = roles,
                                     .role_count = 1,
                                     .access_log_path = "",
                                     .control_loop = house->loop};
    doors_give(house->doors, &options);
    assert_int_equal(options.listener_count, 2);
    assert_int_equal(options.worker_count, 2);
    assert_null(options.listeners[0].tls);
    assert_non_null(options.listeners[1].tls);
    assert_true(options.https_port > 0);
    assert_int_equal(engine_start(&options, table, &house->engine, error, sizeof(error)), ERR_OK);
    doors_watch(house->doors, house->loop, house->engine);
}

static void
house_close(struct house *house)
{
    engine_stop(house->engine);
    doors_close(house->doors);
    route_map_free(house->routes);
    loop_free(house->loop);
    conf_free(house->conf);
}

static struct told
told_of(struct house *house)
{
    struct told told = {0};
    doors_list(house->doors, tell, &told);
    return told;
}

static void
test_reload(void **state)
{
    struct house house;
    struct buf report;
    char path[256];
    (void)state;
    kit_make_pair("site", "old", "DNS:old.example,DNS:www.old.example", 0, 10 * KIT_DAY_S);
    house_open(&house);
    struct told before = told_of(&house);
    assert_int_equal(before.count, 1);
    assert_string_equal(before.names, "old.example,www.old.example");
    assert_string_equal(before.trouble, "");
    assert_true(before.not_after_us > clock_wall_us());

    buf_init(&report);
    kit_path(path, "site", "key");
    FILE *file = fopen(path, "w");
    fputs("no key\n", file);
    fclose(file);
    assert_int_not_equal(doors_reload(house.doors, &report), ERR_OK);
    assert_non_null(strstr(buf_string(&report), "the certificate in use stays"));
    struct told refused = told_of(&house);
    assert_string_equal(refused.names, "old.example,www.old.example");
    assert_true(refused.trouble[0] != '\0');

    kit_make_pair("site", "late", "DNS:late.example", -10 * KIT_DAY_S, -KIT_DAY_S);
    buf_clear(&report);
    assert_int_not_equal(doors_reload(house.doors, &report), ERR_OK);
    assert_non_null(strstr(buf_string(&report), "expired"));
    assert_string_equal(told_of(&house).names, "old.example,www.old.example");

    kit_make_pair("site", "new", "DNS:new.example", 0, 20 * KIT_DAY_S);
    buf_clear(&report);
    assert_int_equal(doors_reload(house.doors, &report), ERR_OK);
    assert_int_equal(buf_size(&report), 0);
    struct told after = told_of(&house);
    assert_string_equal(after.names, "new.example");
    assert_string_equal(after.trouble, "");
    assert_true(after.not_after_us > before.not_after_us);
    buf_fini(&report);
    house_close(&house);
}

static void
test_refused(void **state)
{
    struct doors *doors = NULL;
    char error[512] = "";
    char taken[ADDRESS_TEXT_SIZE];
    struct address bound;
    const struct listener_options options = {0};
    struct address any = parsed("127.0.0.1:0");
    int fd;
    (void)state;
    /* Expired at the start: it does not start, and says of which listener and file. */
    kit_make_pair("site", "late", "DNS:late.example", -10 * KIT_DAY_S, -KIT_DAY_S);
    struct conf *conf = load("127.0.0.1:0");
    assert_int_not_equal(doors_open(conf, 1, secret, sizeof(secret), &doors, error, sizeof(error)),
                         ERR_OK);
    assert_non_null(strstr(error, "listener 127.0.0.1:0"));
    assert_non_null(strstr(error, "site.crt"));
    conf_free(conf);
    /* An address that somebody has. */
    kit_make_pair("site", "new", "DNS:new.example", 0, 20 * KIT_DAY_S);
    assert_int_equal(listener_open(&any, 1, &options, &fd, &bound, error, sizeof(error)), ERR_OK);
    snprintf(taken, sizeof(taken), "%s", bound.text);
    conf = load(taken);
    assert_int_not_equal(doors_open(conf, 1, secret, sizeof(secret), &doors, error, sizeof(error)),
                         ERR_OK);
    assert_non_null(strstr(error, taken));
    assert_null(doors);
    conf_free(conf);
    close(fd);
    doors_close(NULL);
}

/* Given but never started: everything is the doors' own, and goes with them. */
static void
test_given_and_not_started(void **state)
{
    struct doors *doors;
    char error[512];
    struct engine_options options = {0};
    (void)state;
    kit_make_pair("site", "new", "DNS:new.example", 0, 20 * KIT_DAY_S);
    struct conf *conf = load("127.0.0.1:0");
    assert_int_equal(doors_open(conf, 2, secret, sizeof(secret), &doors, error, sizeof(error)),
                     ERR_OK);
    doors_give(doors, &options);
    int fd = options.listeners[0].fds[1];
    assert_true(fcntl(fd, F_GETFD) >= 0);
    doors_close(doors);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    conf_free(conf);
}

static int
make_folder(void **state)
{
    (void)state;
    return mkdtemp(kit_folder) == NULL ? -1 : 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    kit_remove();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reload),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_given_and_not_started),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
