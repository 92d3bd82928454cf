/* The growing buffer: appends, consuming, moving up, growth, failure without loss. */
#include "tests/unit/base/base_test.h"
#include "proxy/base/buf.h"
#include "proxy/base/random.h"

static void
test_empty(void **state)
{
    struct buf buf;
    (void)state;
    buf_init(&buf);
    assert_int_equal(buf_size(&buf), 0);
    assert_non_null(buf_span(&buf).data);
    assert_true(buf_append(&buf, NULL, 0));
    assert_true(buf_append_span(&buf, (struct span){NULL, 0}));
    assert_null(buf.data);
    buf_consume(&buf, 0);
    buf_clear(&buf);
    assert_string_equal(buf_string(&buf), "");
    assert_int_equal(buf_size(&buf), 0);
    buf_fini(&buf);
    buf_fini(&buf);
    assert_null(buf.data);
}

static void
test_texts(void **state)
{
    struct buf buf;
    (void)state;
    buf_init(&buf);
    assert_true(buf_append_text(&buf, "one "));
    assert_true(buf_append_span(&buf, SPAN("two ")));
    assert_true(buf_printf(&buf, "%s-%d", "three", 3));
    assert_string_equal(buf_string(&buf), "one two three-3");
    assert_true(buf_append_text(&buf, "!"));
    assert_string_equal(buf_string(&buf), "one two three-3!");
    buf_consume(&buf, 4);
    assert_span(buf_span(&buf), "two three-3!");
    buf_clear(&buf);
    assert_true(buf_printf(&buf, "%0500d", 7)); /* longer than the first allocation */
    assert_int_equal(buf_size(&buf), 500);
    assert_int_equal(strlen(buf_string(&buf)), 500);
    buf_fini(&buf);
}

/* What was consumed makes room again without an allocation. */
static void
test_moves_up(void **state)
{
    struct buf buf;
    char block[100];
    (void)state;
    memset(block, 'a', sizeof(block));
    buf_init(&buf);
    assert_true(buf_append(&buf, block, sizeof(block)));
    size_t capacity = buf.capacity;
    for (int i = 0; i < 1000; i++) {
        assert_true(buf_append(&buf, block, sizeof(block)));
        buf_consume(&buf, sizeof(block));
    }
    assert_int_equal(buf.capacity, capacity);
    assert_int_equal(buf_size(&buf), sizeof(block));
    buf_consume(&buf, sizeof(block));
    assert_int_equal(buf.start, 0);
    assert_int_equal(buf.end, 0);
    assert_int_equal(buf.capacity, capacity);
    buf_fini(&buf);
}

/* Appends and consumes at random against a plain counter: byte n is n modulo 251. */
static void
test_stream(void **state)
{
    struct buf buf;
    struct random random;
    unsigned put = 0;
    unsigned taken = 0;
    (void)state;
    buf_init(&buf);
    random_init(&random, 1);
    for (int i = 0; i < 20000; i++) {
        size_t size = random_below(&random, 300);
        char *place = buf_reserve(&buf, size);
        assert_non_null(place);
        for (size_t j = 0; j < size; j++) {
            place[j] = (char)(put++ % 251);
        }
        buf_add_size(&buf, size);
        size_t drop = random_below(&random, buf_size(&buf) + 1);
        const char *data = buf_span(&buf).data;
        for (size_t j = 0; j < drop; j++) {
            assert_int_equal((unsigned char)data[j], taken++ % 251);
        }
        buf_consume(&buf, drop);
        assert_int_equal(buf_size(&buf), put - taken);
    }
    buf_fini(&buf);
}

static void
test_failure_keeps(void **state)
{
    struct buf buf;
    (void)state;
    buf_init(&buf);
    assert_true(buf_append_text(&buf, "kept"));
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_null(buf_reserve(&buf, SIZE_MAX - 4));
    assert_span(buf_span(&buf), "kept");
    buf_fini(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),         cmocka_unit_test(test_texts),
        cmocka_unit_test(test_moves_up),      cmocka_unit_test(test_stream),
        cmocka_unit_test(test_failure_keeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
