/* Tables: how they begin, which instances are up, what a preview's Host names. */
#include "tests/unit/base/base_test.h"
#include "proxy/table/table.h"

static const struct role_settings web = {.name = "web"};
static const struct role_settings api = {.name = "api"};

static struct table *
make(uint32_t sets)
{
    struct table *table;
    assert_int_equal(table_new(NULL, 2, sets, &table), ERR_OK);
    table->roles[0].settings = &web;
    table->roles[1].settings = &api;
    return table;
}

static void
name_set(struct table *table, uint32_t at, uint32_t role, const char *build)
{
    struct table_set *set = &table->sets[at];
    set->id = at + 1;
    set->role = role;
    snprintf(set->build, sizeof(set->build), "%s", build);
}

static void
test_begins_empty(void **state)
{
    struct table *table = make(0);
    (void)state;
    assert_int_equal(table->role_count, 2);
    assert_int_equal(table->set_count, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(table->roles[i].live, TABLE_NO_SET);
        assert_int_equal(table->roles[i].candidate, TABLE_NO_SET);
    }
    assert_null(table_find_preview(table, SPAN("v1.web")));
    table_free(table);
    table_free(NULL);
}

static void
test_up(void **state)
{
    struct table *table = make(1);
    struct table_set *set = &table->sets[0];
    (void)state;
    assert_int_equal(table_set_reserve(set, 4), ERR_OK);
    table_set_finish(set);
    assert_int_equal(set->up_count, 0);
    set->instances[0].is_up = set->instances[3].is_up = true;
    table_set_finish(set);
    assert_int_equal(set->up_count, 2);
    assert_int_equal(set->up[0], 0);
    assert_int_equal(set->up[1], 3);
    table->roles[0].maintenance_message = strdup("back soon");
    table_free(table);
}

static void
test_preview(void **state)
{
    static const struct {
        const char *host;
        uint64_t id; /* 0: none */
    } cases[] = {
        {"v1.web", 1},  {"V1.WEB", 1}, {"v1.api", 2}, {"v1.2.web", 3}, /* split at the last dot */
        {"2.web", 0},   {"v2.web", 5},                                 /* the newest of one build */
        {"v3.web", 0},                                                 /* closed */
        {"v4.web", 7}, /* the newest of it is closed, an older one is not */
        {"v1.mail", 0}, {"v1", 0},     {".web", 0},   {"web", 0},
        {"v1.", 0},     {".", 0},      {"", 0},       {"v1.web.", 0},
    };
    struct table *table = make(9);
    (void)state;
    name_set(table, 0, 0, "v1");
    name_set(table, 1, 1, "v1");
    name_set(table, 2, 0, "v1.2");
    name_set(table, 3, 0, "v2");
    name_set(table, 4, 0, "v2");
    name_set(table, 5, 0, "v3");
    name_set(table, 6, 0, "v4");
    name_set(table, 7, 0, "v4");
    name_set(table, 8, 1, "v9");
    table->sets[5].is_closed = table->sets[7].is_closed = true;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct table_set *set = table_find_preview(table, span_of(cases[i].host));
        if ((set == NULL ? 0 : set->id) != cases[i].id) {
            print_error("%s\n", cases[i].host);
        }
        assert_int_equal(set == NULL ? 0 : set->id, cases[i].id);
    }
    table_free(table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_begins_empty),
        cmocka_unit_test(test_up),
        cmocka_unit_test(test_preview),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
