/* The look at the text before libconfig: words, integers, findings; good files cut at every byte
 * never do worse than a message. */
#include "tests/unit/conf/conf_tools.h"

#include "conf/scan.h"

struct finding_case {
    const char *text;
    unsigned line; /* 0: nothing is found */
    const char *what;
};

static const struct finding_case cases[] = {
    {"", 0, ""},
    {"a = 1", 0, ""},
    {"a = 2147483647; b = -2147483647; c = 0x7fffffff;", 0, ""},
    {"a = 2147483648;", 1, "2147483648"},
    {"a = 18446744073709551617;", 1, "18446744073709551617"},
    {"a = 00000000000000000000000000001;", 0, ""},
    {"a = 0xFFFFFFFF;", 1, "0xFFFFFFFF"},
    {"a = 0X1FFFFFFFF;", 1, "0X1FFFFFFFF"},
    {"a = 1.99999999999; b = 99999999999.5; c = 99999999999e2;", 0, ""},
    {"a = 99999999999e;", 1, "99999999999"},
    {"a = 5000000000b = 1;", 1, "5000000000"},
    {"a99999999999 = 1;", 0, ""},
    {"a = \"99999999999\"; # 99999999999", 0, ""},
    {"a = /* 99999999999 */ 1;", 0, ""},
    {"a = \"\\x00\";", 1, "\""},
    {"a = \"x\\X00y\";", 1, "\"x"},
    {"a = \"\\\\x00\";", 0, ""},
    {"a = \"\\x01\\x0\";", 0, ""},
    {"a = \"\\\"x\";", 0, ""},
    {"\n\na = \"\\\n\";", 3, "\"\\"},
    {"a = \"b\" \"c\";", 0, ""},
    {"a = 'b';", 1, "'"},
    {"a = TRUE; b = (false, True);", 0, ""},
    {"a = Off;", 1, "Off"},
    {"a = (b);", 1, "b"},
    {"a = (1,\n\n);", 1, ","},
    {"a = { b = 1, };", 0, ""},
    {"a = (\n{\n)", 3, ")"},
    {"a = ]", 1, "]"},
    {"a", 1, "a"},
    {"a b = 1;", 1, "a"},
    {"a = ;", 1, ";"},
    {"/*\n", 1, ""},
    {"@include \"x\"", 1, "@"},
    {"\xef\xbb\xbf"
     "a = 1;",
     1, "\xef"},
    {"# \xef\xbb\xbf\na = \"\xef\";", 0, ""},
};

static void
findings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct scan_finding finding = {.line = 0, .what = SPAN("")};
        bool is_good = scan_check(span_of(cases[i].text), &finding);
        if (is_good != (cases[i].line == 0) || finding.line != cases[i].line) {
            fail_msg("%s: line %u, %s", cases[i].text, finding.line, finding.problem);
        }
        if (!span_equal(finding.what, span_of(cases[i].what))) {
            fail_msg("%s: found \"%.*s\"", cases[i].text, (int)finding.what.size,
                     finding.what.data);
        }
    }
}

static void
nul_is_found(void **state)
{
    (void)state;
    struct scan_finding finding;
    assert_false(scan_check((struct span){"a = 1;\n# \0\n", 11}, &finding));
    assert_int_equal(finding.line, 2);
}

static void
nesting_has_a_limit(void **state)
{
    (void)state;
    char text[SCAN_DEPTH_MAX * 2 + 16] = "a = ";
    struct scan_finding finding;
    memset(text + 4, '(', SCAN_DEPTH_MAX);
    memset(text + 4 + SCAN_DEPTH_MAX, ')', SCAN_DEPTH_MAX);
    assert_true(scan_check(span_of(text), &finding));
    char deeper[sizeof(text) + 2];
    snprintf(deeper, sizeof(deeper), "a = (%s)", text + 4);
    assert_false(scan_check(span_of(deeper), &finding));
}

static void
twins(void **state)
{
    (void)state;
    struct scan_finding finding;
    const char *text =
        "a = 1; b = { a = true; c = true; };\nd = (true, true, { a = 1; }, { a = 2; });\nb = 2;";
    assert_false(scan_find_twin(span_of(text), 1, &finding));
    assert_false(scan_find_twin(span_of(text), 2, &finding));
    assert_true(scan_find_twin(span_of(text), 3, &finding));
    assert_true(span_equal(finding.what, SPAN("b")));
    assert_int_equal(finding.other_line, 1);
}

/* Whatever is cut off: it loads, or there is a message; never both, never neither. */
static void
load_cut(const char *text, size_t size)
{
    struct buf errors;
    struct conf *conf = NULL;
    buf_init(&errors);
    enum err err = conf_load_text((struct span){text, size}, "cut", "/", &conf, &errors);
    assert_true((err == ERR_OK) == (conf != NULL));
    assert_true((err == ERR_OK) == (buf_size(&errors) == 0));
    conf_free(conf);
    buf_fini(&errors);
}

static void
cut_at_every_byte(void **state)
{
    (void)state;
    char path[4096];
    snprintf(path, sizeof(path), "%s/tests/golden/conf/good/forms.cfg", tools_root());
    char *text = tools_read(path);
    assert_non_null(text);
    for (size_t size = 0; size <= strlen(text); size++) {
        load_cut(text, size);
    }
    free(text);
}

static void
every_mistake_is_said(void **state)
{
    (void)state;
    enum { MISTAKES = 1200 };
    struct buf text;
    struct conf *conf = NULL;
    char *errors;
    buf_init(&text);
    for (int i = 0; i < MISTAKES; i++) {
        buf_printf(&text, "x%d = 1;\n", i);
    }
    assert_int_equal(tools_load(buf_string(&text), &conf, &errors), ERR_INVALID);
    assert_non_null(strstr(errors, "test.cfg:1000: x999:"));
    assert_null(strstr(errors, "test.cfg:1001:"));
    assert_non_null(strstr(errors, "test.cfg: and 202 more mistakes\n"));
    free(errors);
    buf_fini(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings),
        cmocka_unit_test(nul_is_found),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(twins),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(every_mistake_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
