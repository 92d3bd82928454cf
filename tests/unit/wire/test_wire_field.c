/* The table of names, and the fast scanners against the plain one. */
#include "tests/unit/wire/wire_test.h"
#include "proxy/wire/field.h"
#include "proxy/wire/scan.h"

static void
check_name(enum field_id id, const char *name)
{
    char text[64];
    size_t size = strlen(name);
    assert_int_equal(field_id_of((struct span){name, size}), id);
    assert_string_equal(field_id_name(id), name);
    for (size_t i = 0; i < size; i++) {
        text[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 32) : name[i];
    }
    assert_int_equal(field_id_of((struct span){text, size}), id);
    /* No other token of the same size is taken for it, and none one byte longer or shorter. */
    for (size_t i = 0; i < size; i++) {
        for (int c = 1; c < 256; c++) {
            memcpy(text, name, size);
            text[i] = (char)c;
            if (scan_is((char)c, SCAN_TOKEN) && (c | 0x20) != name[i]) {
                assert_int_not_equal(field_id_of((struct span){text, size}), id);
            }
        }
    }
    memcpy(text, name, size);
    text[size] = 's';
    assert_int_not_equal(field_id_of((struct span){text, size + 1}), id);
    assert_int_not_equal(field_id_of((struct span){text, size - 1}), id);
}

static void
test_names(void **state)
{
    (void)state;
#define FIELD(id, name, class) check_name(FIELD_##id, name);
#include "proxy/wire/fields.def"
#undef FIELD
    assert_int_equal(field_id_of(SPAN("")), FIELD_OTHER);
    assert_int_equal(field_id_of(SPAN("x-unknown")), FIELD_OTHER);
}

static void
test_lookalikes(void **state)
{
    (void)state;
    assert_int_equal(field_id_like(SPAN("X_Forwarded_For")), FIELD_FORWARDED_FOR);
    assert_int_equal(field_id_like(SPAN("content_LENGTH")), FIELD_CONTENT_LENGTH);
    assert_int_equal(field_id_like(SPAN("x-forwarded-for")), FIELD_OTHER);
    assert_int_equal(field_id_like(SPAN("host_")), FIELD_OTHER);
}

/* Each byte at each place of runs of each size up to two steps: the fast way stops where the plain
 * one does. */
static void
test_scan(void **state)
{
    (void)state;
    enum { SIZE = 40 };
    char text[SIZE];
    for (int c = 0; c < 256; c++) {
        for (size_t size = 0; size <= SIZE; size++) {
            char *exact = exact_copy(text, size);
            memset(exact, 'a', size);
            for (size_t at = 0; at < size; at++) {
                exact[at] = (char)c;
                const char *end = exact + size;
                assert_ptr_equal(scan_value(exact, end), scan_over(exact, end, SCAN_VALUE));
                assert_ptr_equal(scan_target(exact, end), scan_over(exact, end, SCAN_TARGET));
                assert_ptr_equal(scan_name(exact, end), scan_over(exact, end, SCAN_NAME));
                assert_ptr_equal(scan_token(exact, end), scan_over(exact, end, SCAN_TOKEN));
                exact[at] = 'a';
            }
            free(exact);
        }
    }
}

static void
test_status_texts(void **state)
{
    (void)state;
    assert_string_equal(wire_status_text(200), "OK");
    assert_string_equal(wire_status_text(599), "Unknown");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_lookalikes),
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_status_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
