/* The arena: zeroed, aligned, apart from each other, of any size, and nothing leaks. */
#include "tests/unit/base/base_test.h"
#include <stdalign.h>
#include "proxy/base/arena.h"

static void
test_pieces(void **state)
{
    static const size_t sizes[] = {0, 1, 7, 16, 17, 4096, 16383, 16384, 16385, 100000};
    enum { ROUNDS = 20 };
    unsigned char *places[ROUNDS][COUNT_OF(sizes)];
    struct arena arena;
    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < ROUNDS; i++) {
        for (size_t j = 0; j < COUNT_OF(sizes); j++) {
            unsigned char *place = arena_take(&arena, sizes[j]);
            assert_non_null(place);
            assert_int_equal((uintptr_t)place % alignof(max_align_t), 0);
            for (size_t k = 0; k < sizes[j]; k++) {
                assert_int_equal(place[k], 0);
            }
            memset(place, (int)(i * COUNT_OF(sizes) + j), sizes[j]);
            places[i][j] = place;
        }
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        for (size_t j = 0; j < COUNT_OF(sizes); j++) {
            for (size_t k = 0; k < sizes[j]; k += 61) {
                assert_int_equal(places[i][j][k], (i * COUNT_OF(sizes) + j) & 0xff);
            }
        }
    }
    arena_fini(&arena);
    arena_fini(&arena);
    assert_null(arena.newest);
}

static void
test_copy(void **state)
{
    struct arena arena;
    char text[] = "web@v42";
    (void)state;
    arena_init(&arena);
    const char *copy = arena_copy(&arena, text);
    const char *empty = arena_copy(&arena, "");
    text[0] = 'X';
    assert_string_equal(copy, "web@v42");
    assert_string_equal(empty, "");
    arena_fini(&arena);
}

static void
test_too_much(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena);
    assert_null(arena_take(&arena, SIZE_MAX));
    assert_null(arena_take(&arena, SIZE_MAX - 8));
    assert_non_null(arena_take(&arena, 8));
    arena_fini(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
