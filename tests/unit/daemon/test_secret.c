/* The secret file: made once, read again, refused when it is not one or others may read it. */
#include "tests/unit/base/base_test.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "control/secret.h"

static char folder[] = "/tmp/turnout-secret-XXXXXX";
static char path[64];

static void
write_file(const char *text, mode_t mode)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static size_t
files_in_folder(void)
{
    size_t count = 0;
    DIR *opened = opendir(folder);
    assert_non_null(opened);
    for (struct dirent *entry; (entry = readdir(opened)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(opened);
    return count;
}

static void
test_made_and_read(void **state)
{
    uint8_t made[SECRET_SIZE] = {0};
    uint8_t read_again[SECRET_SIZE] = {0};
    char error[256] = "";
    struct stat facts;
    (void)state;
    assert_int_equal(secret_load(path, made, error, sizeof(error)), ERR_OK);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_int_equal(facts.st_size, 65);
    assert_int_equal(files_in_folder(), 1);
    assert_int_equal(secret_load(path, read_again, error, sizeof(error)), ERR_OK);
    assert_memory_equal(made, read_again, SECRET_SIZE);
    assert_string_equal(error, "");
    unlink(path);
    assert_int_equal(secret_load(path, read_again, error, sizeof(error)), ERR_OK);
    assert_memory_not_equal(made, read_again, SECRET_SIZE);
}

#define HEX32 "000102030405060708090a0b0c0d0e0f"

static void
test_contents(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
        enum err err;
        const char *advice;
    } cases[] = {
        {HEX32 HEX32 "\n", 0600, ERR_OK, ""},
        {HEX32 HEX32, 0400, ERR_OK, ""},
        {HEX32 "000102030405060708090A0B0C0D0E0F\n", 0600, ERR_OK, ""},
        {HEX32 HEX32 "\n", 0640, ERR_PERMISSION, "chmod 600"},
        {HEX32 HEX32 "\n", 0604, ERR_PERMISSION, "chmod 600"},
        {"", 0600, ERR_INVALID, "64 hex digits"},
        {HEX32, 0600, ERR_INVALID, "64 hex digits"},
        {HEX32 HEX32 "0", 0600, ERR_INVALID, "64 hex digits"},
        {HEX32 HEX32 "\n\n", 0600, ERR_INVALID, "64 hex digits"},
        {HEX32 HEX32 "\n" HEX32, 0600, ERR_INVALID, "64 hex digits"},
        {HEX32 "g00102030405060708090a0b0c0d0e0f\n", 0600, ERR_INVALID, "64 hex digits"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint8_t secret[SECRET_SIZE];
        char error[256] = "";
        memset(secret, 0x77, sizeof(secret));
        write_file(cases[i].text, cases[i].mode);
        assert_int_equal(secret_load(path, secret, error, sizeof(error)), cases[i].err);
        assert_non_null(strstr(error, cases[i].advice));
        for (size_t j = 0; j < SECRET_SIZE; j++) {
            assert_int_equal(secret[j], cases[i].err == ERR_OK ? j % 16 : 0x77);
        }
    }
}

/* A crash in the middle of making left its draft: it does no harm. */
static void
test_draft_left(void **state)
{
    uint8_t secret[SECRET_SIZE];
    char draft[80];
    char error[256] = "";
    (void)state;
    unlink(path);
    snprintf(draft, sizeof(draft), "%s.new", path);
    int fd = open(draft, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, HEX32, 10), 10);
    close(fd);
    assert_int_equal(secret_load(path, secret, error, sizeof(error)), ERR_OK);
    assert_int_equal(files_in_folder(), 1);
}

static void
test_cannot_be_made(void **state)
{
    uint8_t secret[SECRET_SIZE];
    char error[256] = "";
    (void)state;
    assert_int_equal(secret_load("/no/such/folder/secret", secret, error, sizeof(error)),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(error, "/no/such/folder/secret"));
    assert_non_null(strstr(error, "secret_file"));
    assert_int_not_equal(secret_load(folder, secret, error, sizeof(error)), ERR_OK);
}

static int
make_folder(void **state)
{
    (void)state;
    bool is_made = mkdtemp(folder) != NULL;
    snprintf(path, sizeof(path), "%s/secret", folder);
    return is_made ? 0 : -1;
}

static int
remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_and_read),
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_draft_left),
        cmocka_unit_test(test_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
