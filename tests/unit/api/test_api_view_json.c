/* The view as JSON: the shapes of docs/api.md, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "control/api/route.h"
#include "control/api/view_json.h"
#include "tests/unit/api/fake_view.h"

static void
expect(json_t *object, const char *text)
{
    char *got = json_dumps(object, JSON_COMPACT);
    assert_non_null(got);
    assert_string_equal(got, text);
    free(got);
    json_decref(object);
}

static void
test_status(void **state)
{
    (void)state;
    expect(
        view_json_status(&fake_view),
        "{\"epoch\":17,\"node\":\"edge-1\",\"nodes\":[{\"name\":\"edge-1\",\"epoch\":17,\"alive\":"
        "true,\"skew_us\":0}],\"roles\":["
        "{\"role\":\"web\",\"kind\":\"http\",\"epoch\":14,\"operation\":{\"id\":\"14\",\"kind\":"
        "\"deploy\",\"by\":\"alice(1000)\","
        "\"step\":\"ready\",\"since\":\"2023-11-14T22:13:20.000Z\"},\"last_cutover\":{\"id\":\"9\","
        "\"from\":\"v0\",\"to\":\"v1\","
        "\"result\":\"finished\",\"at\":\"2023-11-14T21:58:20.000Z\",\"duration_us\":2500},"
        "\"hold\":null,\"maintenance\":null,"
        "\"live\":{\"build\":\"v1\",\"digest\":\"" FAKE_DIGEST_1
        "\",\"healthy\":1,\"instances\":2,\"in_flight\":4},"
        "\"candidate\":{\"build\":\"v2\",\"digest\":\"" FAKE_DIGEST_2
        "\",\"healthy\":1,\"instances\":1,\"in_flight\":0,\"weight_bp\":250},\"previous\":null,"
        "\"draining\":[]},"
        "{\"role\":\"api\",\"kind\":\"http\",\"epoch\":0,\"operation\":null,\"last_cutover\":null,"
        "\"hold\":{\"until\":\"2023-11-14T22:14:20.000Z\",\"parked\":3},\"maintenance\":{"
        "\"message\":\"back at <noon>\"},"
        "\"live\":null,\"candidate\":null,\"previous\":null,\"draining\":[]}],"
        "\"journal\":{\"head\":\"abcd\",\"writable\":true,\"error\":null}}");
}

static void
test_set(void **state)
{
    (void)state;
    expect(view_json_set(&fake_roles[0], &fake_sets[0]),
           "{\"build\":\"v1\",\"digest\":\"" FAKE_DIGEST_1
           "\",\"healthy\":1,\"instances\":2,\"in_flight\":4,\"role\":\"web\","
           "\"set\":\"v1#11111111\",\"place\":\"live\",\"state\":\"live\",\"why\":null,\"bad\":"
           "false,\"weight_"
           "bp\":0,\"rollback_until\":null,"
           "\"registered_at\":\"2023-11-14T21:56:40.000Z\",\"registered_epoch\":9,\"members\":["
           "{\"address\":\"127.0.0.1:9001\",\"up\":true,\"checked_at\":\"2023-11-14T22:13:20."
           "000Z\",\"check_us\":812,"
           "\"reason\":null,\"detail\":null},"
           "{\"address\":\"[::1]:9002\",\"up\":false,\"checked_at\":\"2023-11-14T22:13:20.500Z\","
           "\"check_us\":90,"
           "\"reason\":\"refused\",\"detail\":\"connection <refused>\"}]}");
}

static void
test_find(void **state)
{
    (void)state;
    assert_ptr_equal(view_find_role(&fake_view, "api"), &fake_roles[1]);
    assert_null(view_find_role(&fake_view, "ap"));
    assert_ptr_equal(view_find_set(&fake_roles[0], "v2"), &fake_sets[1]);
    assert_ptr_equal(view_find_set(&fake_roles[0], "v2#2222"), &fake_sets[1]);
    assert_null(view_find_set(&fake_roles[0], "v2#1111"));
    assert_null(view_find_set(&fake_roles[0], "v"));
    assert_ptr_equal(view_find_digest(&fake_view, FAKE_DIGEST_1), &fake_sets[0]);
    assert_null(view_find_digest(&fake_view, "1111"));
}

/* What only looks is a GET; what changes is a POST, and never on the admin listener. */
static void
test_rights_of_routes(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count(); i++) {
        const struct route *route = route_at(i);
        bool is_change = strcmp(route->method, "POST") == 0;
        assert_true(is_change == (route->right == ROUTE_CHANGE));
        assert_true(route->listener == ROUTE_CONTROL || !is_change);
        assert_true((route->required & ~route->allowed) == 0);
        assert_true(is_change || route->allowed == 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_rights_of_routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
