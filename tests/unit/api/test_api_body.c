/* Bodies of requests: what is taken, and each refusal with its words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "control/api/body.h"

enum { ALL = (1U << BODY_FIELD_COUNT) - 1 };

static bool
read_text(const char *text, uint32_t allowed, uint32_t required, struct body *body,
          struct buf *error)
{
    /* A copy of exact size, so that a read beyond its end is seen. */
    size_t size = strlen(text);
    char *copy = malloc(size + 1);
    memcpy(copy, text, size);
    buf_init(error);
    bool is_fine = body_read((struct span){copy, size}, allowed, required, body, error);
    free(copy);
    return is_fine;
}

static void
test_bad_bodies(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        {"{", "not JSON: line 1"},
        {"[]", "one JSON object"},
        {"null", "not JSON"},
        {"7", "not JSON"},
        {"\"x\"", "not JSON"},
        {"{} x", "end of file expected"},
        {"{}{}", "end of file expected"},
        {"{\"note\":\"a\",\"note\":\"b\"}", "duplicate object key"},
        {"{\"nonsense\":1}", "does not take the key \"nonsense\""},
        {"{\"note\":7}", "\"note\" is to be a text"},
        {"{\"note\":null}", "\"note\" is to be a text"},
        {"{\"note\":\"\\u0000\"}", "not JSON"},
        {"{\"note\":\"\xff\"}", "not JSON"},
        {"{\"weight_bp\":\"250\"}", "\"weight_bp\" is to be a whole number"},
        {"{\"weight_bp\":2.5}", "\"weight_bp\" is to be a whole number"},
        {"{\"weight_bp\":-1}", "\"weight_bp\" is to be a whole number"},
        {"{\"weight_bp\":9007199254740992}", "\"weight_bp\" is to be a whole number"},
        {"{\"weight_bp\":99999999999999999999}", "not JSON"},
        {"{\"force\":1}", "\"force\" is to be true or false"},
        {"{\"addresses\":\"127.0.0.1:1\"}", "\"addresses\" is to be a list"},
        {"{\"addresses\":[\"127.0.0.1:1\",7]}", "\"addresses\" is to be a list"},
        {"{\"targets\":[]}", "\"targets\" is to be a list"},
        {"{\"targets\":[7]}", "\"targets\" is to be a list"},
        {"{\"targets\":[{\"role\":\"web\"}]}", "\"targets\" is to be a list"},
        {"{\"targets\":[{\"role\":\"web\",\"set\":\"v1\",\"more\":1}]}",
         "\"targets\" is to be a list"},
        {"{\"addresses\":[[[[[[[[[[1]]]]]]]]]]}", "nested deeper than 8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct body body;
        struct buf error;
        assert_false(read_text(cases[i].text, ALL, 0, &body, &error));
        if (strstr(buf_string(&error), cases[i].words) == NULL) {
            fail_msg("%s: %s", cases[i].text, buf_string(&error));
        }
        buf_fini(&error);
    }
}

static void
test_whole_body_cut_at_every_byte(void **state)
{
    static const char whole[] =
        "{\"build\":\"v2\",\"addresses\":[\"127.0.0.1:1\",\"[::1]:2\"],\"note\":\"w\xc3\xa4r\","
        "\"expect_epoch\":17,\"follow\":false,\"targets\":[{\"role\":\"web\",\"set\":\"v1#ab\"}]}";
    struct body body;
    struct buf error;
    (void)state;
    assert_true(read_text(whole, ALL, 0, &body, &error));
    assert_string_equal(body.build, "v2");
    assert_int_equal(body.addresses.count, 2);
    assert_string_equal(body.addresses.items[1], "[::1]:2");
    assert_int_equal(body.expect_epoch, 17);
    assert_true(body_has(&body, BODY_FOLLOW));
    assert_false(body.follow);
    assert_false(body_has(&body, BODY_FORCE));
    assert_string_equal(body.targets.items[0].set, "v1#ab");
    body_fini(&body);
    buf_fini(&error);
    for (size_t size = 1; size < sizeof(whole) - 1; size++) {
        buf_init(&error);
        assert_false(body_read((struct span){whole, size}, ALL, 0, &body, &error));
        assert_true(buf_size(&error) > 0);
        buf_fini(&error);
    }
}

static void
test_keys_of_a_call(void **state)
{
    struct body body;
    struct buf error;
    (void)state;
    assert_true(read_text("", BODY_BIT(NOTE), 0, &body, &error));
    assert_int_equal(body.given, 0);
    body_fini(&body);
    assert_false(read_text("{}", BODY_BIT(BUILD), BODY_BIT(BUILD), &body, &error));
    assert_string_equal(buf_string(&error), "the key \"build\" is missing");
    buf_fini(&error);
    assert_false(read_text("{\"force\":true}", BODY_BIT(BUILD), 0, &body, &error));
    assert_string_equal(buf_string(&error), "this call does not take the key \"force\"");
    buf_fini(&error);
}

static void
test_limits_of_lists(void **state)
{
    struct buf text;
    struct body body;
    struct buf error;
    (void)state;
    buf_init(&text);
    buf_append_text(&text, "{\"addresses\":[\"a\"");
    for (int i = 1; i < BODY_ADDRESSES_MAX; i++) {
        buf_append_text(&text, ",\"a\"");
    }
    size_t size = buf_size(&text);
    buf_append_text(&text, "]}");
    assert_true(read_text(buf_string(&text), ALL, 0, &body, &error));
    assert_int_equal(body.addresses.count, BODY_ADDRESSES_MAX);
    body_fini(&body);
    buf_fini(&error);
    text.end = text.start + size;
    buf_append_text(&text, ",\"a\"]}");
    assert_false(read_text(buf_string(&text), ALL, 0, &body, &error));
    buf_fini(&error);
    buf_fini(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_bodies),
        cmocka_unit_test(test_whole_body_cut_at_every_byte),
        cmocka_unit_test(test_keys_of_a_call),
        cmocka_unit_test(test_limits_of_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
