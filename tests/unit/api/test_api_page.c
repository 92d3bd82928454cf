/* The status page: what it shows, and that nothing in it comes from elsewhere or breaks out of its
 * place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "control/api/page.h"
#include "tests/unit/api/fake_view.h"

static void
write_page(struct buf *out)
{
    buf_init(out);
    assert_true(page_write(&fake_view, out));
}

static void
test_what_it_shows(void **state)
{
    static const char *const words[] = {
        "<title>Turnout edge-1</title>",
        "<dd>17</dd>",
        "<h2>web<small>http</small></h2>",
        "<b class=\"build\">v1</b>",
        "1/2</b>",
        "2.50%",
        "v0 → v1",
        "127.0.0.1:9001",
        "refused: connection &lt;refused&gt;",
        "back at &lt;noon&gt;",
        "3 requests wait at the door",
        "by alice(1000)",
        "<meta http-equiv=\"refresh\" content=\"5\">",
    };
    struct buf page;
    (void)state;
    write_page(&page);
    const char *text = buf_string(&page);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strstr(text, words[i]) == NULL) {
            fail_msg("%s is not in %s", words[i], text);
        }
    }
    assert_null(strstr(text, "<refused>"));
    assert_null(strstr(text, "<noon>"));
    assert_null(strstr(text, "<script"));
    assert_null(strstr(text, "://"));
    assert_null(strstr(text, "v0#"));
    const char *kept = getenv("TURNOUT_PAGE");
    FILE *file = kept == NULL ? NULL : fopen(kept, "w");
    if (file != NULL) {
        fputs(text, file);
        fclose(file);
    }
    buf_fini(&page);
}

/* Every element that is opened is closed, in order. */
static void
test_elements_are_balanced(void **state)
{
    static const char *const alone[] = {"meta", "path", "br", "!doctype"};
    char open[64][16];
    size_t depth = 0;
    struct buf page;
    (void)state;
    write_page(&page);
    for (const char *c = strchr(buf_string(&page), '<'); c != NULL; c = strchr(c + 1, '<')) {
        char name[16];
        bool is_end = c[1] == '/';
        size_t size = strcspn(c + 1 + is_end, " >/\n");
        assert_true(size < sizeof(name));
        memcpy(name, c + 1 + is_end, size);
        name[size] = '\0';
        bool is_alone = false;
        for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
            is_alone = is_alone || strcmp(alone[i], name) == 0;
        }
        if (is_end) {
            assert_true(depth > 0);
            assert_string_equal(open[--depth], name);
        } else if (!is_alone) {
            assert_true(depth < 64);
            memcpy(open[depth++], name, sizeof(name));
        }
    }
    assert_int_equal(depth, 0);
    buf_fini(&page);
}

static void
test_alarms(void **state)
{
    struct runner_view view = fake_view;
    struct buf page;
    (void)state;
    view.is_stopping = true;
    view.is_journal_writable = false;
    view.journal_error = "no space left on the device";
    view.role_count = 0;
    buf_init(&page);
    assert_true(page_write(&view, &page));
    assert_non_null(strstr(buf_string(&page), "This node is stopping."));
    assert_non_null(strstr(buf_string(&page), "changes are refused: no space left on the device"));
    buf_fini(&page);
}

static void
test_escapes(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out);
    assert_true(page_text(&out, "a<b>&\"'\n\x7f\xc3\xa4"));
    assert_string_equal(buf_string(&out), "a&lt;b&gt;&amp;&quot;&#39;??\xc3\xa4");
    buf_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_it_shows),
        cmocka_unit_test(test_elements_are_balanced),
        cmocka_unit_test(test_alarms),
        cmocka_unit_test(test_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
