/* The table of settings: every one is in an example, every later one is refused by name, every row
 * is whole. */
#include "tests/unit/conf/conf_tools.h"

#include <libconfig.h>
#include "conf/setting.h"

enum { EXAMPLES = 2, SEEN_MAX = 256 };

static void
see_all(config_setting_t *where, const char *path, bool seen[SEEN_MAX])
{
    char below[256];
    const struct setting *setting;
    for (int i = 0; config_setting_is_aggregate(where) && i < config_setting_length(where); i++) {
        config_setting_t *member = config_setting_get_elem(where, (unsigned)i);
        const char *name = config_setting_name(member);
        snprintf(below, sizeof(below), "%s%s%s", path, path[0] == '\0' || name == NULL ? "" : ".",
                 name == NULL ? "" : name);
        for (size_t j = 0; (setting = setting_at(j)) != NULL; j++) {
            seen[j] = seen[j] || strcmp(setting->path, below) == 0;
        }
        see_all(member, below, seen);
    }
}

static void
every_setting_is_in_an_example(void **state)
{
    (void)state;
    static const char *const names[EXAMPLES] = {"one-node.cfg", "tls.cfg"};
    bool seen[SEEN_MAX] = {false};
    const struct setting *setting;
    for (size_t i = 0; i < EXAMPLES; i++) {
        char path[4096];
        config_t config;
        snprintf(path, sizeof(path), "%s/conf/examples/%s", tools_root(), names[i]);
        config_init(&config);
        assert_int_equal(config_read_file(&config, path), CONFIG_TRUE);
        see_all(config_root_setting(&config), "", seen);
        config_destroy(&config);
    }
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        assert_true(i < SEEN_MAX);
        if (!seen[i] && setting->type != SETTING_TYPE_LATER) {
            fail_msg("no example has %s", setting->path);
        }
    }
}

static void
write_later(const char *path, char *out, size_t size)
{
    const char *dot = strrchr(path, '.');
    if (strncmp(path, "journal.", 8) == 0) {
        snprintf(out, size, "journal = { %s = 1; }; ", dot + 1);
    } else if (strncmp(path, "roles.upstream.", 15) == 0) {
        snprintf(out, size, "roles = ( { upstream = { %s = 1; }; } ); ", dot + 1);
    } else {
        snprintf(out, size, "%.*s = ( { %s = 1; } ); ", (int)(dot - path), path, dot + 1);
    }
}

static void
later_settings_are_refused_by_name(void **state)
{
    (void)state;
    const struct setting *setting;
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        char text[256];
        char wanted[128];
        char *errors;
        struct conf *conf = NULL;
        if (setting->type != SETTING_TYPE_LATER) {
            continue;
        }
        write_later(setting->path, text, sizeof(text));
        assert_int_equal(tools_load(text, &conf, &errors), ERR_INVALID);
        snprintf(wanted, sizeof(wanted), "%s: not available in this version", setting_key(setting));
        if (strstr(errors, wanted) == NULL) {
            fail_msg("%s: %s", setting->path, errors);
        }
        free(errors);
    }
}

static void
rows_are_whole(void **state)
{
    (void)state;
    const struct setting *setting;
    const struct setting *other;
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        struct buf wanted;
        buf_init(&wanted);
        assert_true(setting_write_wanted(setting, &wanted) && buf_size(&wanted) > 0);
        buf_fini(&wanted);
        assert_true(setting->min <= setting->max);
        assert_true(setting->type == SETTING_TYPE_LATER || setting->meaning[0] != '\0');
        for (size_t j = 0; j < i && (other = setting_at(j)) != NULL; j++) {
            assert_string_not_equal(setting->path, other->path);
        }
    }
}

static void
nearest_names(void **state)
{
    (void)state;
    assert_string_equal(setting_nearest("", "worker")->path, "workers");
    assert_string_equal(setting_nearest("", "Roles")->path, "roles");
    assert_string_equal(setting_nearest("roles", "helth")->path, "roles.health");
    assert_string_equal(setting_nearest("roles", "drain_timeout")->path,
                        "roles.cutover.drain_timeout");
    assert_string_equal(setting_nearest("roles.cutover", "hold_time_out")->path,
                        "roles.cutover.hold_timeout");
    assert_null(setting_nearest("", "something_else_entirely"));
    assert_null(setting_nearest("", "a_name_of_more_than_forty_letters_that_nobody_knows"));
}

static void
settings_are_printed(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    conf_print_settings(out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "\n    drain_timeout; ") == NULL ? strstr(text, "drain_timeout; ")
                                                                  : text);
    assert_null(strstr(text, "sentinels"));
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_setting_is_in_an_example),
        cmocka_unit_test(later_settings_are_refused_by_name),
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(nearest_names),
        cmocka_unit_test(settings_are_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
