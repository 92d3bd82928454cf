/* Which role a host and a path belong to. */
#include "tests/unit/base/base_test.h"
#include "proxy/table/route.h"

enum { ANY, ANY_API, EXACT, EXACT_API, EXACT_API_V2, WILD, DEEP_WILD, ONLY_SHOP, WILD_ROOT };

static const struct route_claim claims[] = {
    {"*", "/", ANY},
    {"*", "/api", ANY_API},
    {"www.example.com", "/", EXACT},
    {"www.example.com", "/api", EXACT_API},
    {"www.example.com", "/api/v2/", EXACT_API_V2},
    {"*.example.com", "/", WILD},
    {"*.deep.example.com", "/", DEEP_WILD},
    {"shop.example.org", "/shop", ONLY_SHOP},
    {"*.example.org", "/account", WILD_ROOT},
};

static void
test_find(void **state)
{
    static const struct {
        const char *host;
        const char *path;
        uint32_t role;
    } cases[] = {
        /* the most specific host */
        {"www.example.com", "/", EXACT},
        {"WWW.Example.COM", "/", EXACT},
        {"www.example.com.", "/", EXACT},
        {"www.example.com..", "/", ANY},
        {"a.example.com", "/", WILD},
        {"A.EXAMPLE.com.", "/", WILD},
        {"a.b.example.com", "/", WILD},
        {"a.deep.example.com", "/", DEEP_WILD},
        {"a.b.deep.example.com", "/", DEEP_WILD},
        {"deep.example.com", "/", WILD},
        {"example.com", "/", ANY},
        {".example.com", "/", ANY}, /* a wildcard stands for at least one character */
        {"xexample.com", "/", ANY},
        {"www.example.com.evil.net", "/", ANY},
        {"", "/", ANY},
        {".", "/", ANY},
        {"..", "/", ANY},
        {"127.0.0.1", "/", ANY},
        {"[::1]", "/", ANY},
        /* the longest prefix, on segment borders */
        {"www.example.com", "/api", EXACT_API},
        {"www.example.com", "/api/", EXACT_API},
        {"www.example.com", "/api?x=/api/v2", EXACT_API},
        {"www.example.com", "/api/v1", EXACT_API},
        {"www.example.com", "/api/v2", EXACT_API_V2},
        {"www.example.com", "/api/v2/x", EXACT_API_V2},
        {"www.example.com", "/api/v2?", EXACT_API_V2},
        {"www.example.com", "/api/v22", EXACT_API},
        {"www.example.com", "/apis", EXACT},
        {"www.example.com", "/API", EXACT}, /* paths have case */
        {"www.example.com", "/x/api", EXACT},
        {"www.example.com", "/ap", EXACT},
        {"www.example.com", "/%61pi", EXACT}, /* and are not decoded */
        {"nobody.example.net", "/api/x", ANY_API},
        /* a host that does not claim the path leaves it to less specific ones */
        {"shop.example.org", "/shop/1", ONLY_SHOP},
        {"shop.example.org", "/account", WILD_ROOT},
        {"shop.example.org", "/api", ANY_API},
        {"shop.example.org", "/", ANY},
        {"x.example.org", "/shop", ANY},
    };
    struct route_map *map;
    size_t at;
    (void)state;
    assert_int_equal(route_map_new(claims, COUNT_OF(claims), &map, &at), ERR_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t role = route_find(map, span_of(cases[i].host), span_of(cases[i].path));
        if (role != cases[i].role) {
            print_error("%s%s: %u, wanted %u\n", cases[i].host, cases[i].path, role, cases[i].role);
        }
        assert_int_equal(role, cases[i].role);
    }
    route_map_free(map);
}

/* The order in which the claims stand does not matter. */
static void
test_any_order(void **state)
{
    struct route_claim turned[COUNT_OF(claims)];
    (void)state;
    for (size_t shift = 0; shift < COUNT_OF(claims); shift++) {
        struct route_map *map;
        size_t at;
        for (size_t i = 0; i < COUNT_OF(claims); i++) {
            turned[i] = claims[(i + shift) % COUNT_OF(claims)];
        }
        assert_int_equal(route_map_new(turned, COUNT_OF(claims), &map, &at), ERR_OK);
        assert_int_equal(route_find(map, SPAN("www.example.com"), SPAN("/api/v2/x")), EXACT_API_V2);
        assert_int_equal(route_find(map, SPAN("a.deep.example.com"), SPAN("/api")), DEEP_WILD);
        assert_int_equal(route_find(map, SPAN("shop.example.org"), SPAN("/account/1")), WILD_ROOT);
        assert_int_equal(route_find(map, SPAN("else.where"), SPAN("/x")), ANY);
        route_map_free(map);
    }
}

static void
test_none(void **state)
{
    static const struct route_claim some[] = {{"www.example.com", "/app", 0}};
    char long_host[ROUTE_HOST_MAX + 2];
    struct route_map *map;
    size_t at;
    (void)state;
    assert_int_equal(route_map_new(NULL, 0, &map, &at), ERR_OK);
    assert_int_equal(route_find(map, SPAN("www.example.com"), SPAN("/")), ROUTE_NONE);
    route_map_free(map);
    assert_int_equal(route_map_new(some, 1, &map, &at), ERR_OK);
    assert_int_equal(route_find(map, SPAN("www.example.com"), SPAN("/app")), 0);
    assert_int_equal(route_find(map, SPAN("www.example.com"), SPAN("/")), ROUTE_NONE);
    assert_int_equal(route_find(map, SPAN("www.example.com"), SPAN("")), ROUTE_NONE);
    assert_int_equal(route_find(map, SPAN("example.com"), SPAN("/app")), ROUTE_NONE);
    assert_int_equal(route_find(map, SPAN(""), SPAN("/app")), ROUTE_NONE);
    memset(long_host, '.', sizeof(long_host));
    assert_int_equal(route_find(map, (struct span){long_host, sizeof(long_host)}, SPAN("/app")),
                     ROUTE_NONE);
    route_map_free(map);
    route_map_free(NULL);
}

static void
test_twice(void **state)
{
    static const struct {
        struct route_claim claims[3];
        bool is_same;
    } cases[] = {
        {{{"a.example", "/", 0}, {"b.example", "/", 1}, {"a.example", "/", 2}}, true},
        {{{"a.example", "/x", 0}, {"b.example", "/", 1}, {"A.EXAMPLE", "/x/", 2}}, true},
        {{{"*", "/", 0}, {"b.example", "/", 1}, {"*", "", 2}}, true},
        {{{"*.a.example", "/y", 0}, {"*", "/y", 1}, {"*.A.example", "/y", 2}}, true},
        {{{"a.example", "/x", 0}, {"a.example", "/y", 1}, {"a.example", "/X", 2}}, false},
        {{{"a.example", "/", 0}, {"*.a.example", "/", 1}, {"*", "/", 2}}, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct route_map *map = NULL;
        size_t at = 99;
        enum err err = route_map_new(cases[i].claims, 3, &map, &at);
        assert_int_equal(err, cases[i].is_same ? ERR_EXISTS : ERR_OK);
        assert_int_equal(at, cases[i].is_same ? 2 : 99);
        assert_int_equal(map == NULL, cases[i].is_same);
        route_map_free(map);
    }
}

/* Many hosts: the index finds each, and none that is not there. */
static void
test_many(void **state)
{
    enum { HOSTS = 500 };
    static char names[HOSTS][32];
    static struct route_claim many[HOSTS];
    struct route_map *map;
    size_t at;
    (void)state;
    for (uint32_t i = 0; i < HOSTS; i++) {
        snprintf(names[i], sizeof(names[i]), i % 2 == 0 ? "h%u.example" : "*.w%u.example", i);
        many[i] = (struct route_claim){names[i], "/", i};
    }
    assert_int_equal(route_map_new(many, HOSTS, &map, &at), ERR_OK);
    for (uint32_t i = 0; i < HOSTS; i++) {
        char host[32];
        snprintf(host, sizeof(host), i % 2 == 0 ? "H%u.example" : "x.W%u.example", i);
        assert_int_equal(route_find(map, span_of(host), SPAN("/")), i);
        snprintf(host, sizeof(host), i % 2 == 0 ? "w%u.example" : "h%u.example", i);
        assert_int_equal(route_find(map, span_of(host), SPAN("/")), ROUTE_NONE);
    }
    route_map_free(map);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),  cmocka_unit_test(test_any_order), cmocka_unit_test(test_none),
        cmocka_unit_test(test_twice), cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
