/* One daemon per state directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/journal/lock.h"

static char root[64];
static char folder[96];
static char text[512];

static int
setup(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/turnout-lock-XXXXXX");
    assert_non_null(mkdtemp(root));
    snprintf(folder, sizeof(folder), "%s/a/state", root);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof(path), "%s/lock", folder);
    unlink(path);
    rmdir(folder);
    snprintf(path, sizeof(path), "%s/a", root);
    rmdir(path);
    assert_int_equal(rmdir(root), 0);
    return 0;
}

static void
test_second_is_refused_by_pid(void **state)
{
    (void)state;
    struct lock *lock = NULL;
    struct lock *second = NULL;
    struct stat facts;
    char pid[32];
    assert_int_equal(lock_take(folder, &lock, text, sizeof(text)), ERR_OK);
    assert_int_equal(stat(folder, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0700);
    assert_int_equal(lock_take(folder, &second, text, sizeof(text)), ERR_IN_USE);
    assert_null(second);
    snprintf(pid, sizeof(pid), "pid %ld ", (long)getpid());
    assert_non_null(strstr(text, pid));
    assert_non_null(strstr(text, folder));
    lock_release(lock);
    assert_int_equal(lock_take(folder, &second, text, sizeof(text)), ERR_OK);
    lock_release(second);
    lock_release(NULL);
}

static void
test_ends_with_the_process(void **state)
{
    (void)state;
    int told[2];
    int status;
    char byte;
    struct lock *lock = NULL;
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        enum err err = lock_take(folder, &lock, text, sizeof(text));
        _exit(err != ERR_OK || write(told[1], "x", 1) != 1 || pause());
    }
    close(told[1]);
    assert_int_equal(read(told[0], &byte, 1), 1);
    assert_int_equal(lock_take(folder, &lock, text, sizeof(text)), ERR_IN_USE);
    char pid[32];
    snprintf(pid, sizeof(pid), "pid %ld ", (long)child);
    assert_non_null(strstr(text, pid));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(told[0]);
    assert_int_equal(lock_take(folder, &lock, text, sizeof(text)), ERR_OK);
    lock_release(lock);
}

static void
test_unusable_folders(void **state)
{
    (void)state;
    struct lock *lock = NULL;
    assert_int_not_equal(lock_take("/dev/null/state", &lock, text, sizeof(text)), ERR_OK);
    assert_non_null(strstr(text, "/dev/null"));
    assert_int_equal(lock_take("", &lock, text, sizeof(text)), ERR_NOT_FOUND);
    assert_null(lock);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_second_is_refused_by_pid, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends_with_the_process, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unusable_folders, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
