/* Bad files and their exact messages, good files and the examples: tests/golden/conf,
 * conf/examples. TURNOUT_GOLDEN_WRITE=1 writes the messages anew, for a person to read the
 * difference. */
#include "tests/unit/conf/conf_tools.h"

#include <sys/stat.h>

typedef void file_test(const char *folder, const char *name);

static int
ends_with_cfg(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 4 && strcmp(entry->d_name + size - 4, ".cfg") == 0;
}

static int
each_file(const char *below, file_test *test)
{
    char folder[2048];
    struct dirent **entries;
    snprintf(folder, sizeof(folder), "%s/%s", tools_root(), below);
    int count = scandir(folder, &entries, ends_with_cfg, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        test(folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return count;
}

/* Messages name the file as it was given: its own name here, from within its folder. */
static enum err
load_within(const char *folder, const char *name, struct conf **out, struct buf *errors)
{
    char *before = getcwd(NULL, 0);
    assert_non_null(before);
    assert_int_equal(chdir(folder), 0);
    enum err err = conf_load(name, out, errors);
    assert_int_equal(chdir(before), 0);
    free(before);
    return err;
}

static void
test_bad(const char *folder, const char *name)
{
    char path[4096];
    struct buf errors;
    struct conf *conf = NULL;
    buf_init(&errors);
    enum err err = load_within(folder, name, &conf, &errors);
    if (err != ERR_INVALID && err != ERR_SYNTAX) {
        fail_msg("%s: %s", name, err_text(err));
    }
    assert_null(conf);
    snprintf(path, sizeof(path), "%s/%.*s.txt", folder, (int)(strlen(name) - 4), name);
    if (getenv("TURNOUT_GOLDEN_WRITE") != NULL) {
        tools_write(path, buf_string(&errors));
    }
    char *wanted = tools_read(path);
    if (wanted == NULL) {
        fail_msg("%s is missing", path);
    }
    assert_string_equal(buf_string(&errors), wanted);
    free(wanted);
    buf_fini(&errors);
}

static void
test_good(const char *folder, const char *name)
{
    struct buf errors;
    struct conf *conf = NULL;
    buf_init(&errors);
    enum err err = load_within(folder, name, &conf, &errors);
    if (err != ERR_OK) {
        fail_msg("%s: %s", name, buf_string(&errors));
    }
    assert_int_equal(buf_size(&errors), 0);
    conf_free(conf);
    buf_fini(&errors);
}

/* An example stands beside the certificates that it names. */
static void
test_example(const char *folder, const char *name)
{
    static const char *const files[] = {"site.pem", "site.key", "shop.pem", "shop.key"};
    char work[] = "/tmp/turnout-conf-XXXXXX";
    char path[4096];
    assert_non_null(mkdtemp(work));
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/%s", work, files[i]);
        tools_write(path, "");
    }
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    char *text = tools_read(path);
    assert_non_null(text);
    snprintf(path, sizeof(path), "%s/%s", work, name);
    tools_write(path, text);
    free(text);
    test_good(work, name);
    unlink(path);
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/%s", work, files[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(work), 0);
}

static void
bad_files_say_what_is_wrong(void **state)
{
    (void)state;
    each_file("tests/golden/conf/bad", test_bad);
}

static void
good_files_load(void **state)
{
    (void)state;
    each_file("tests/golden/conf/good", test_good);
}

static void
examples_load(void **state)
{
    (void)state;
    assert_true(each_file("conf/examples", test_example) >= 2);
}

static void
files_that_cannot_be_read(void **state)
{
    (void)state;
    struct buf errors;
    struct conf *conf = NULL;
    buf_init(&errors);
    assert_int_equal(conf_load("/nonexistent/turnout.cfg", &conf, &errors), ERR_NOT_FOUND);
    assert_string_equal(buf_string(&errors),
                        "/nonexistent/turnout.cfg: cannot be read: not found\n");
    buf_clear(&errors);
    assert_int_not_equal(conf_load("/", &conf, &errors), ERR_OK);
    assert_true(buf_size(&errors) > 0);
    buf_clear(&errors);
    assert_int_equal(conf_load("/dev/zero", &conf, &errors), ERR_TOO_LARGE);
    assert_true(buf_size(&errors) > 0);
    assert_null(conf);
    buf_fini(&errors);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_say_what_is_wrong),
        cmocka_unit_test(good_files_load),
        cmocka_unit_test(examples_load),
        cmocka_unit_test(files_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
