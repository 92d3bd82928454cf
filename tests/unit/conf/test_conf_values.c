/* Every type of value: what it takes, what it refuses, what is stored; what is there when nothing
 * is said. */
#include "tests/unit/conf/conf_tools.h"

#include "conf/setting.h"

enum { REFUSED = -1 };

/* A value of a setting, and the number that is stored for it. */
struct number_case {
    const char *path;
    const char *value;
    long long stored;
};

static const struct number_case number_cases[] = {
    {"workers", "0", 0},
    {"workers", "256", 256},
    {"workers", "257", REFUSED},
    {"workers", "\"4\"", REFUSED},
    {"workers", "4.0", REFUSED},
    {"workers", "true", REFUSED},
    {"workers", "( 1 )", REFUSED},
    {"control.mode", "\"0600\"", 0600},
    {"control.mode", "\"777\"", 0777},
    {"control.mode", "\"1777\"", REFUSED},
    {"control.mode", "\"0680\"", REFUSED},
    {"control.mode", "\"66\"", REFUSED},
    {"control.mode", "432", REFUSED},
    {"access_log.query", "true", 1},
    {"access_log.query", "FALSE", 0},
    {"access_log.query", "1", REFUSED},
    {"shutdown_delay", "0", 0},
    {"shutdown_delay", "5", 5000},
    {"shutdown_delay", "\"0s\"", 0},
    {"shutdown_delay", "\"0ms\"", 0},
    {"shutdown_delay", "\"250ms\"", 250},
    {"shutdown_delay", "\"5s\"", 5000},
    {"shutdown_delay", "\"10m\"", 600000},
    {"shutdown_delay", "\"1h\"", 3600000},
    {"shutdown_delay", "\"3600001ms\"", REFUSED},
    {"shutdown_delay", "\"2h\"", REFUSED},
    {"shutdown_delay", "\"5\"", REFUSED},
    {"shutdown_delay", "\"\"", REFUSED},
    {"shutdown_delay", "\"s\"", REFUSED},
    {"shutdown_delay", "\"1.5s\"", REFUSED},
    {"shutdown_delay", "\"+5s\"", REFUSED},
    {"shutdown_delay", "\"5S\"", REFUSED},
    {"shutdown_delay", "\"5sec\"", REFUSED},
    {"shutdown_delay", "\"99999999999999999999s\"", REFUSED},
    {"shutdown_delay", "-1", REFUSED},
    {"limits.body", "0", 0},
    {"limits.body", "2147483647", 2147483647},
    {"limits.body", "\"3\"", REFUSED},
    {"limits.body", "\"16k\"", 16384},
    {"limits.body", "\"1m\"", 1048576},
    {"limits.body", "\"2g\"", 2147483648LL},
    {"limits.body", "\"1024g\"", 1099511627776LL},
    {"limits.body", "\"1025g\"", REFUSED},
    {"limits.body", "\"16kb\"", REFUSED},
    {"limits.request_line", "\"4k\"", 4096},
    {"limits.request_line", "\"4g\"", REFUSED},
    {"limits.header_bytes", "\"256k\"", 262144},
    {"journal.kind", "\"file\"", CONF_JOURNAL_FILE},
    {"journal.kind", "\"redis\"", REFUSED},
    {"journal.kind", "\"\"", REFUSED},
    {"listeners.preview", "true", 1},
    {"roles.kind", "\"http\"", CONF_ROLE_HTTP},
    {"roles.kind", "\"tcp\"", REFUSED},
    {"roles.kind", "\"HTTP\"", REFUSED},
    {"roles.health.port", "65535", 65535},
    {"roles.health.interval", "\"10ms\"", 10},
    {"roles.upstream.tunnel_idle", "\"24h\"", 86400000},
    {"roles.cutover.order", "\"exclusive\"", TABLE_ORDER_EXCLUSIVE},
    {"roles.cutover.rollback_window", "\"720h\"", 2592000000LL},
    {"roles.cutover.rollback_window", "\"721h\"", REFUSED},
    {"roles.cutover.hold_bytes", "\"64k\"", 65536},
    {"roles.abort_on_close", "true", 1},
};

struct text_case {
    const char *path;
    const char *value;  /* as written in the file, in quotes */
    const char *stored; /* NULL: refused */
};

static const struct text_case text_cases[] = {
    {"state_dir", "\"/var/lib/x\"", "/var/lib/x"},
    {"state_dir", "\"\"", NULL},
    {"state_dir", "\"a\\nb\"", NULL},
    {"secret_file", "\"\"", "/var/lib/turnout/secret"},
    {"secret_file", "\"/s\"", "/s"},
    {"control.group", "\"turnout\"", "turnout"},
    {"control.group", "\"t\\x7f\"", NULL},
    {"access_log.path", "\"-\"", "-"},
    {"access_log.path", "\"syslog:\"", "syslog:"},
    {"access_log.path", "\"/var/log/a.log\"", "/var/log/a.log"},
    {"access_log.path", "\"\"", ""},
    {"roles.name", "\"a\"", "a"},
    {"roles.name", "\"a1-b\"", "a1-b"},
    {"roles.name", "\"abcdefghijklmnopqrstuvwxyz012345\"", "abcdefghijklmnopqrstuvwxyz012345"},
    {"roles.name", "\"abcdefghijklmnopqrstuvwxyz0123456\"", NULL},
    {"roles.name", "\"\"", NULL},
    {"roles.name", "\"1a\"", NULL},
    {"roles.name", "\"-a\"", NULL},
    {"roles.name", "\"a_b\"", NULL},
    {"roles.name", "\"a.b\"", NULL},
    {"roles.path", "\"/\"", "/"},
    {"roles.path", "\"/a\"", "/a"},
    {"roles.path", "\"/a/\"", "/a"},
    {"roles.path", "\"/a/b%20c/~x\"", "/a/b%20c/~x"},
    {"roles.path", "\"//\"", NULL},
    {"roles.path", "\"/a//\"", NULL},
    {"roles.path", "\"/a%2\"", NULL},
    {"roles.path", "\"/a%zz\"", NULL},
    {"roles.path", "\"/.\"", NULL},
    {"roles.path", "\"/..\"", NULL},
    {"roles.path", "\"/...\"", "/..."},
    {"roles.path", "\"/a b\"", NULL},
    {"roles.path", "\"/a#b\"", NULL},
    {"roles.path", "\"\"", NULL},
    {"roles.health.path", "\"/?a=b?c\"", "/?a=b?c"},
    {"roles.health.path", "\"/a?b c\"", NULL},
    {"roles.health.path", "\"*\"", NULL},
    {"roles.health.host", "\"\"", "www.example.com"},
    {"roles.health.host", "\"A.example\"", "a.example"},
    {"roles.health.host", "\"a.example:81\"", "a.example:81"},
    {"roles.health.host", "\"[::1]:81\"", "[::1]:81"},
    {"roles.health.host", "\"[::1]\"", "[::1]"},
    {"roles.health.host", "\"a.example:\"", NULL},
    {"roles.health.host", "\"a.example:0\"", NULL},
    {"roles.health.host", "\"a.example:65536\"", NULL},
    {"roles.health.host", "\":80\"", NULL},
    {"roles.health.host", "\"*.example\"", NULL},
    {"roles.health.build_header", "\"\"", ""},
    {"roles.health.build_header", "\"X_Build.1\"", "X_Build.1"},
    {"roles.health.build_header", "\"X-Build:\"", NULL},
    {"roles.hsts", "\"max-age=1\"", "max-age=1"},
    {"roles.hsts", "\"max-age=1\\r\\nX: y\"", NULL},
    {"roles.hsts", "\"\"", ""},
};

/* The groups of a path within its list, nested: "{ b = { c = VALUE; }; }" for b.c. */
static void
write_nested(struct buf *out, const char *path, const char *value)
{
    const char *dot = strchr(path, '.');
    if (dot == NULL) {
        buf_printf(out, "%s = %s; ", path, value);
        return;
    }
    buf_printf(out, "%.*s = { ", (int)(dot - path), path);
    write_nested(out, dot + 1, value);
    buf_append_text(out, "}; ");
}

static bool
is_below(const char *path, const char *prefix)
{
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

/* The least configuration, with one setting said. */
static void
write_config(struct buf *out, const char *path, const char *value)
{
    bool in_listener = is_below(path, "listeners.");
    bool in_role = is_below(path, "roles.");
    if (!in_listener && !in_role) {
        write_nested(out, path, value);
    }
    buf_append_text(out, "listeners = ( { address = \"127.0.0.1:1\"; ");
    if (in_listener) {
        write_nested(out, path + strlen("listeners."), value);
    }
    buf_append_text(out, "} ); roles = ( { hosts = ( \"www.example.com\" ); ");
    buf_append_text(out, strcmp(path, "roles.name") == 0 ? "" : "name = \"web\"; ");
    buf_append_text(out, is_below(path, "roles.health.") ? "" : "health = { }; ");
    if (in_role) {
        write_nested(out, path + strlen("roles."), value);
    }
    buf_append_text(out, "} );");
}

static enum err
load_one(const char *path, const char *value, struct conf **conf)
{
    struct buf text;
    char *errors;
    buf_init(&text);
    write_config(&text, path, value);
    enum err err = tools_load(buf_string(&text), conf, &errors);
    /* A refusal is one line that names the setting. */
    if (err != ERR_OK &&
        (strchr(errors, '\n') != errors + strlen(errors) - 1 ||
         strstr(errors, strrchr(path, '.') == NULL ? path : strrchr(path, '.') + 1) == NULL)) {
        fail_msg("%s = %s: %s", path, value, errors);
    }
    free(errors);
    buf_fini(&text);
    return err;
}

/* The setting's place in what was loaded: the first of each list. */
static const void *
stored_at(const struct conf *conf, const char *path)
{
    const char *dot = strrchr(path, '.');
    char group[128];
    snprintf(group, sizeof(group), "%.*s", dot == NULL ? 0 : (int)(dot - path), path);
    const struct setting *setting = setting_find(group, dot == NULL ? path : dot + 1);
    assert_non_null(setting);
    const char *base = is_below(path, "listeners.") ? (const char *)conf->listeners
                       : is_below(path, "roles.")   ? (const char *)conf->roles
                                                    : (const char *)conf;
    return base + setting->offset;
}

static bool
is_wide(const char *path)
{
    return strcmp(path, "limits.body") == 0 || strcmp(path, "roles.cutover.hold_bytes") == 0;
}

static bool
is_narrow(const char *value)
{
    return strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0;
}

static void
numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(number_cases) / sizeof(number_cases[0]); i++) {
        const struct number_case *one = &number_cases[i];
        struct conf *conf = NULL;
        enum err err = load_one(one->path, one->value, &conf);
        if ((err == ERR_OK) != (one->stored != REFUSED)) {
            fail_msg("%s = %s: %s", one->path, one->value, err_text(err));
        }
        if (err != ERR_OK) {
            continue;
        }
        const void *at = stored_at(conf, one->path);
        long long stored = is_narrow(one->value) ? *(const bool *)at
                           : is_wide(one->path)  ? (long long)*(const uint64_t *)at
                                                 : (long long)*(const uint32_t *)at;
        if (stored != one->stored) {
            fail_msg("%s = %s: stored %lld", one->path, one->value, stored);
        }
        conf_free(conf);
    }
}

static void
texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(text_cases) / sizeof(text_cases[0]); i++) {
        const struct text_case *one = &text_cases[i];
        struct conf *conf = NULL;
        enum err err = load_one(one->path, one->value, &conf);
        if ((err == ERR_OK) != (one->stored != NULL)) {
            fail_msg("%s = %s: %s", one->path, one->value, err_text(err));
        }
        if (err == ERR_OK) {
            assert_string_equal(*(const char *const *)stored_at(conf, one->path), one->stored);
            conf_free(conf);
        }
    }
}

static void
statuses(void **state)
{
    (void)state;
    struct conf *conf = NULL;
    assert_int_equal(load_one("roles.health.expect", "\"200, 204,300-301\"", &conf), ERR_OK);
    const struct conf_statuses *expect = &conf->roles[0].health.expect;
    assert_int_equal(expect->count, 3);
    assert_true(conf_statuses_have(expect, 200) && conf_statuses_have(expect, 204));
    assert_true(conf_statuses_have(expect, 300) && conf_statuses_have(expect, 301));
    assert_false(conf_statuses_have(expect, 201) || conf_statuses_have(expect, 302) ||
                 conf_statuses_have(expect, 0));
    conf_free(conf);
    assert_int_equal(load_one("roles.health.expect", "404", &conf), ERR_OK);
    assert_true(conf_statuses_have(&conf->roles[0].health.expect, 404));
    assert_false(conf_statuses_have(&conf->roles[0].health.expect, 200));
    conf_free(conf);
    static const char *const refused[] = {"\"\"", "\",\"",    "\"2xx\"",  "\"99\"",
                                          "600",  "\"200-\"", "\"-200\"", "\"200-204-206\"",
                                          "true"};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(load_one("roles.health.expect", refused[i], &conf), ERR_INVALID);
    }
}

static void
networks(void **state)
{
    (void)state;
    struct conf *conf = NULL;
    assert_int_equal(
        load_one(
            "trusted",
            "( \"10.0.0.0/8\", \"192.0.2.1\", \"fd00::/8\", \"::1\", \"0.0.0.0/0\", \"::/0\" )",
            &conf),
        ERR_OK);
    static const uint8_t prefixes[] = {104, 128, 8, 128, 96, 0};
    assert_int_equal(conf->trusted_count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(conf->trusted[i].prefix_bits, prefixes[i]);
    }
    static const uint8_t ten[16] = {[10] = 0xff, [11] = 0xff, [12] = 10};
    assert_memory_equal(conf->trusted[0].address, ten, 16);
    assert_int_equal(conf->trusted[2].address[0], 0xfd);
    conf_free(conf);
    static const char *const refused[] = {"( \"\" )",
                                          "( \"10.0.0.0/\" )",
                                          "( \"10.0.0.0/-1\" )",
                                          "( \"10.0.0.0/33\" )",
                                          "( \"::/129\" )",
                                          "( \"10.0.0.1/31\" )",
                                          "( \"10.0.0.0/8/8\" )",
                                          "\"10.0.0.0/8\"",
                                          "( ( \"10.0.0.0/8\" ) )"};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(load_one("trusted", refused[i], &conf), ERR_INVALID);
    }
}

static void
defaults(void **state)
{
    (void)state;
    struct conf *conf = NULL;
    assert_int_equal(load_one("workers", "0", &conf), ERR_OK);
    const struct conf_role *role = &conf->roles[0];
    assert_string_equal(conf->state_dir, "/var/lib/turnout");
    assert_string_equal(conf->secret_file, "/var/lib/turnout/secret");
    assert_string_equal(conf->control.socket, "/run/turnout/control.sock");
    assert_int_equal(conf->control.mode, 0660);
    assert_string_equal(conf->admin_address.text, "");
    assert_string_equal(conf->access_log.path, "");
    assert_int_equal(conf->shutdown_timeout_ms, 60000);
    assert_int_equal(conf->clients.header_ms, 10000);
    assert_int_equal(conf->clients.request_line, 8192);
    assert_int_equal(conf->trusted_count, 0);
    assert_int_equal(conf->listener_count, 1);
    assert_string_equal(conf->listeners[0].address.text, "127.0.0.1:1");
    assert_false(conf->listeners[0].tls.is_given);
    assert_string_equal(role->path, "/");
    assert_true(role->health.is_given);
    assert_string_equal(role->health.path, "/healthz");
    assert_string_equal(role->health.host, "www.example.com");
    assert_true(conf_statuses_have(&role->health.expect, 299));
    assert_int_equal(role->health.rise, 2);
    assert_int_equal(role->settings.upstream_idle_ms, 4000);
    assert_int_equal(role->settings.retries, 1);
    assert_int_equal(role->settings.order, TABLE_ORDER_AVAILABLE);
    assert_int_equal(role->settings.hold_bytes, 64 << 20);
    assert_int_equal(role->cutover.rollback_window_ms, 600000);
    conf_free(conf);
    conf_free(NULL);
}

/* Relative paths start from the file's folder, which the tests' texts have as the root of the tree.
 */
static void
relative_paths(void **state)
{
    (void)state;
    char wanted[4096];
    struct conf *conf = NULL;
    assert_int_equal(load_one("state_dir", "\"state\"", &conf), ERR_OK);
    snprintf(wanted, sizeof(wanted), "%s/state", tools_root());
    assert_string_equal(conf->state_dir, wanted);
    snprintf(wanted, sizeof(wanted), "%s/state/secret", tools_root());
    assert_string_equal(conf->secret_file, wanted);
    conf_free(conf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),  cmocka_unit_test(texts),    cmocka_unit_test(statuses),
        cmocka_unit_test(networks), cmocka_unit_test(defaults), cmocka_unit_test(relative_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
