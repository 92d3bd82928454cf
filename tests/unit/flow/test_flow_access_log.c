/* The access log's rings and writer: lines arrive whole and in order, a full ring drops and counts,
 * a blocked sink holds nobody up, and a file is opened anew when asked. */
#include "tests/unit/base/base_test.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "proxy/base/clock.h"
#include "proxy/flow/access.h"

enum { DEADLINE_US = 10000000 };

static int kept_stderr;
static char folder[] = "/tmp/turnout-access-XXXXXX";

static const char *
in_folder(const char *name)
{
    static char paths[4][64];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static struct access_log *
open_log(const char *path, uint32_t workers)
{
    struct access_log *log;
    char error[256];
    assert_int_equal(access_log_new(path, "edge-1", workers, &log, error, sizeof(error)), ERR_OK);
    return log;
}

/* A line of a worker, told apart by its number, in `size` bytes of path. */
static void
say(struct access_log *log, uint32_t worker, uint64_t number, size_t size)
{
    static const char filler[2000] = {'/'};
    struct access_record record = {
        .path = {filler, size}, .bytes_in = number, .retries = worker, .method = SPAN("GET")};
    access_log_write(log, worker, &record);
}

static size_t
size_of(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 ? (size_t)facts.st_size : 0;
}

static uint64_t
number_after(const char *line, const char *key)
{
    const char *at = strstr(line, key);
    assert_non_null(at);
    return strtoull(at + strlen(key), NULL, 10);
}

/* Every line whole; each worker's numbers rise; how many there are. */
static uint64_t
count_lines(const char *path, uint32_t workers)
{
    uint64_t last[8] = {0};
    uint64_t count = 0;
    char *line = NULL;
    size_t capacity = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (ssize_t size; (size = getline(&line, &capacity, file)) > 0; count++) {
        assert_int_equal(line[0], '{');
        assert_string_equal(line + size - 2, "}\n");
        uint64_t worker = number_after(line, "\"retries\":");
        uint64_t number = number_after(line, "\"bytes_in\":");
        assert_true(worker < workers && number > last[worker]);
        last[worker] = number;
    }
    free(line);
    fclose(file);
    return count;
}

/* More than a ring holds, from several threads, to a file: nothing is lost that is not counted. */
struct writer {
    struct access_log *log;
    uint32_t worker;
};

enum { WRITER_LINES = 5000, WRITERS = 3 };

static void *
write_many(void *argument)
{
    const struct writer *writer = argument;
    for (uint64_t i = 1; i <= WRITER_LINES; i++) {
        say(writer->log, writer->worker, i, i % 1500);
    }
    return NULL;
}

static void
test_file(void **state)
{
    struct access_log *log = open_log(in_folder("file.log"), WRITERS);
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    uint64_t lines;
    uint64_t dropped;
    (void)state;
    for (uint32_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){log, i};
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
    for (uint32_t i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
    }
    access_log_count(log, &lines, &dropped);
    assert_int_equal(lines + dropped, WRITERS * WRITER_LINES);
    access_log_free(log); /* writes out what is left */
    assert_int_equal(count_lines(in_folder("file.log"), WRITERS), lines);
}

/* An idle writer is woken by one line. */
static void
test_one_line(void **state)
{
    struct access_log *log = open_log(in_folder("one.log"), 1);
    (void)state;
    uint64_t limit_us = clock_mono_us() + DEADLINE_US;
    for (uint64_t number = 1; number <= 3; number++) {
        size_t before = size_of(in_folder("one.log"));
        say(log, 0, number, 1);
        while (size_of(in_folder("one.log")) == before) {
            assert_true(clock_mono_us() < limit_us);
            poll(NULL, 0, 1);
        }
    }
    access_log_free(log);
    assert_int_equal(count_lines(in_folder("one.log"), 1), 3);
}

static void
test_reopen(void **state)
{
    struct access_log *log = open_log(in_folder("now.log"), 1);
    uint64_t limit_us = clock_mono_us() + DEADLINE_US;
    (void)state;
    say(log, 0, 1, 1);
    while (size_of(in_folder("now.log")) == 0) {
        assert_true(clock_mono_us() < limit_us);
        poll(NULL, 0, 1);
    }
    assert_int_equal(rename(in_folder("now.log"), in_folder("old.log")), 0);
    access_log_reopen(log);
    while (access(in_folder("now.log"), F_OK) != 0) {
        assert_true(clock_mono_us() < limit_us);
        poll(NULL, 0, 1);
    }
    say(log, 0, 2, 1);
    access_log_free(log);
    assert_int_equal(count_lines(in_folder("old.log"), 1), 1);
    assert_int_equal(count_lines(in_folder("now.log"), 1), 1);
}

/* Waits until the daemon's log, which main sends to a file, has the word. */
static void
expect_said(const char *word)
{
    char said[4096] = "";
    uint64_t limit_us = clock_mono_us() + DEADLINE_US;
    while (strstr(said, word) == NULL) {
        assert_true(clock_mono_us() < limit_us);
        ssize_t size = pread(STDERR_FILENO, said, sizeof(said) - 1, 0);
        said[size < 0 ? 0 : size] = '\0';
        poll(NULL, 0, 1);
    }
}

/* A pipe that nobody reads: writing is as quick as ever, what does not fit is counted, and the end
 * does not wait for ever. */
static void
test_blocked_pipe(void **state)
{
    enum { LINES = 4000, LINE_PATH = 1000 };
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    int reader = open(in_folder("pipe"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct access_log *log = open_log(in_folder("pipe"), 1);
    uint64_t lines;
    uint64_t dropped;
    (void)state;
    assert_true(reader >= 0);
    for (uint64_t i = 1; i <= LINES; i++) {
        uint64_t before_us = clock_mono_us();
        say(log, 0, i, LINE_PATH);
        assert_true(clock_mono_us() - before_us < 1000000);
    }
    access_log_count(log, &lines, &dropped);
    assert_int_equal(lines + dropped, LINES);
    assert_true(dropped > 1000);
    expect_said("access_log_dropped");
    /* A ring and a pipe hold more than a hundred of them. */
    assert_true(lines > 100);
    uint64_t before_us = clock_mono_us();
    access_log_free(log);
    assert_true(clock_mono_us() - before_us < 5000000);
    close(reader);
}

/* While the pipe is blocked, it can be given up for another sink. */
static void
test_reopen_blocked(void **state)
{
    const char *path = in_folder("stuck");
    uint64_t limit_us = clock_mono_us() + DEADLINE_US;
    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct access_log *log = open_log(path, 1);
    for (uint64_t i = 1; i <= 500; i++) {
        say(log, 0, i, 1000);
    }
    for (int in_pipe = 0; in_pipe < 60000;) {
        assert_true(clock_mono_us() < limit_us);
        assert_int_equal(ioctl(reader, FIONREAD, &in_pipe), 0);
        poll(NULL, 0, 1);
    }
    assert_int_equal(rename(path, in_folder("given-up")), 0);
    access_log_reopen(log);
    while (size_of(path) == 0) {
        assert_true(clock_mono_us() < limit_us);
        poll(NULL, 0, 1);
    }
    access_log_free(log);
    close(reader);
}

/* A pipe that nobody has open, a folder that is not there: said at once, nothing hangs. */
static void
test_refused(void **state)
{
    struct access_log *log = NULL;
    char error[256] = "";
    (void)state;
    assert_int_equal(mkfifo(in_folder("lonely"), 0600), 0);
    assert_int_not_equal(access_log_new(in_folder("lonely"), "n", 1, &log, error, sizeof(error)),
                         ERR_OK);
    assert_non_null(strstr(error, "lonely"));
    assert_int_equal(access_log_new(in_folder("no/where"), "n", 1, &log, error, sizeof(error)),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(error, "no/where"));
    assert_null(log);
    access_log_free(NULL);
}

static int
make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    /* What the writer says is looked at. */
    kept_stderr = dup(STDERR_FILENO);
    int file = open(in_folder("said"), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(file, STDERR_FILENO);
    close(file);
    return 0;
}

static int
remove_folder(void **state)
{
    static const char *const names[] = {"file.log", "one.log",  "now.log", "old.log", "pipe",
                                        "stuck",    "given-up", "lonely",  "said"};
    (void)state;
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        unlink(in_folder(names[i]));
    }
    return rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),           cmocka_unit_test(test_one_line),
        cmocka_unit_test(test_reopen),         cmocka_unit_test(test_blocked_pipe),
        cmocka_unit_test(test_reopen_blocked), cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
