/* Pieces of bytes: comparing, trimming, lists, numbers, copies, hashes. */
#include "tests/unit/base/base_test.h"

static void
test_equal(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        bool is_equal;
        bool is_equal_nocase;
    } cases[] = {
        {"", "", true, true},
        {"a", "", false, false},
        {"abc", "abc", true, true},
        {"abc", "ABC", false, true},
        {"abc", "abd", false, false},
        {"abc", "ab", false, false},
        {"[", "{", false, false}, /* differ by the bit of case and are no letters */
        {"@", "`", false, false},
        {"\xc3\x84", "\xc3\xa4", false, false}, /* only ASCII is folded */
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct span a = span_of(cases[i].a);
        struct span b = span_of(cases[i].b);
        assert_int_equal(span_equal(a, b), cases[i].is_equal);
        assert_int_equal(span_equal_nocase(a, b), cases[i].is_equal_nocase);
        assert_int_equal(span_hash(a) == span_hash(b), cases[i].is_equal);
        assert_int_equal(span_hash_nocase(a) == span_hash_nocase(b), cases[i].is_equal_nocase);
    }
    assert_true(span_equal((struct span){NULL, 0}, SPAN("")));
}

/* FNV-1a's published values, so that nobody changes what tables are made of without noticing. */
static void
test_hash(void **state)
{
    (void)state;
    assert_true(span_hash(SPAN("")) == 0xcbf29ce484222325ULL);
    assert_true(span_hash(SPAN("a")) == 0xaf63dc4c8601ec8cULL);
    assert_true(span_hash(SPAN("foobar")) == 0x85944171f73967e8ULL);
    assert_true(span_hash_nocase(SPAN("FooBar")) == 0x85944171f73967e8ULL);
}

static void
test_trim(void **state)
{
    static const struct {
        const char *text;
        const char *trimmed;
    } cases[] = {
        {"", ""},          {" ", ""},          {" \t \t", ""}, {"a", "a"},
        {"\ta b ", "a b"}, {"\na\r", "\na\r"}, /* no line ends: those are framing, not space */
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_span(span_trim(span_of(cases[i].text)), cases[i].trimmed);
    }
}

static void
test_elements(void **state)
{
    static const struct {
        const char *text;
        const char *elements[4];
    } cases[] = {
        {"", {NULL}},
        {",", {NULL}},
        {" , ,\t,", {NULL}},
        {"a", {"a"}},
        {"a,b", {"a", "b"}},
        {" a ,, b\t,", {"a", "b"}},
        {",a b,c;q=1,d", {"a b", "c;q=1", "d"}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct span rest = span_of(cases[i].text);
        struct span element;
        size_t found = 0;
        while (span_next_element(&rest, &element)) {
            assert_non_null(cases[i].elements[found]);
            assert_span(element, cases[i].elements[found]);
            found++;
        }
        assert_null(cases[i].elements[found]);
        assert_int_equal(rest.size, 0);
    }
}

static void
test_numbers(void **state)
{
    static const struct {
        const char *text;
        bool is_number;
        uint64_t value;
    } cases[] = {
        {"0", true, 0},
        {"007", true, 7},
        {"18446", true, 18446},
        {"9999999999999999999", true, 9999999999999999999ULL},
        {"10000000000000000000", false, 0}, /* 20 digits */
        {"00000000000000000001", false, 0},
        {"", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1a", false, 0},
        {"0x1", false, 0},
        {"1.0", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t value = 4711;
        assert_int_equal(span_to_u64(span_of(cases[i].text), &value), cases[i].is_number);
        assert_true(value == (cases[i].is_number ? cases[i].value : 4711));
    }
}

static void
test_strings(void **state)
{
    char out[4] = "xyz";
    (void)state;
    assert_true(span_to_string(SPAN("abc"), out, sizeof(out)));
    assert_string_equal(out, "abc");
    assert_false(span_to_string(SPAN("abcd"), out, sizeof(out)));
    assert_false(span_to_string(SPAN("a\0b"), out, sizeof(out)));
    assert_string_equal(out, "abc");
    assert_true(span_to_string((struct span){NULL, 0}, out, sizeof(out)));
    assert_string_equal(out, "");
    assert_false(span_to_string(SPAN(""), out, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),   cmocka_unit_test(test_hash),
        cmocka_unit_test(test_trim),    cmocka_unit_test(test_elements),
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
