#include "proxy/flow/access.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "proxy/base/check.h"
#include "proxy/base/clock.h"
#include "proxy/base/log.h"

enum {
    ACCESS_RING_BYTES = 1024 * 1024, /* a power of two */
    ACCESS_BATCH_MS = 20,            /* the writer gathers lines for so long */
    ACCESS_SINK_WAIT_MS = 200,       /* one wait for a blocked sink */
    ACCESS_FLUSH_US = 1000000,       /* for the whole flush at the end */
    ACCESS_PIPE_BYTES = 4096,        /* what a writable pipe takes without blocking (PIPE_BUF) */
    ACCESS_TELL_US = 10000000,       /* between two words about dropped lines */
};

/* One producer, one consumer; positions only grow. */
struct ring {
    _Alignas(64) _Atomic uint64_t written;
    _Atomic uint64_t lines;
    _Atomic uint64_t dropped;
    _Alignas(64) _Atomic uint64_t taken;
    char *data;
};

struct access_log {
    char *path;
    char *node;
    int fd; /* the writer's; -1: syslog, or the file could not be opened again */
    bool is_syslog;
    bool is_file; /* a regular file never blocks for long and takes large writes */
    uint32_t worker_count;
    struct ring *rings;
    int wake_fd;
    pthread_t writer;
    bool has_writer;
    _Atomic bool is_asleep;
    _Atomic bool is_stopping;
    _Atomic bool must_reopen;
    uint64_t flush_deadline_us;
    uint64_t told_dropped; /* the writer's: how many drops were told, and when */
    uint64_t told_us;
};

static int
sink_open(const struct access_log *log)
{
    if (strcmp(log->path, "-") == 0) {
        return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    }
    /* Not blocking: a pipe that nobody reads is refused instead of waited for. */
    int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    return open(log->path, flags, 0640);
}

static bool
sink_is_file(int fd)
{
    struct stat facts;
    return fd >= 0 && fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
}

static void
sink_reopen(struct access_log *log)
{
    int fd = log->is_syslog ? -1 : sink_open(log);
    if (fd < 0 && !log->is_syslog) {
        char quoted[LOG_QUOTE_SIZE];
        LOG(TROUBLE, "what=access_log path=%s error=\"%s\" advice=\"the old file is kept open\"",
            log_quote(log->path, quoted), strerror(errno));
        return;
    }
    if (log->fd >= 0) {
        close(log->fd);
    }
    log->fd = fd;
    log->is_file = sink_is_file(fd);
}

/* True when the log is being stopped and the time for the last lines is up. */
static bool
is_time_up(const struct access_log *log)
{
    return atomic_load(&log->is_stopping) && clock_mono_us() > log->flush_deadline_us;
}

/* Writes up to `size` bytes; 0 when the sink takes nothing now; all of them when they can never be
 * written. */
static size_t
sink_write(struct access_log *log, const char *data, size_t size)
{
    if (!log->is_file) {
        struct pollfd poller = {.fd = log->fd, .events = POLLOUT};
        if (poll(&poller, 1, ACCESS_SINK_WAIT_MS) <= 0) {
            return 0;
        }
        size = size < ACCESS_PIPE_BYTES ? size : ACCESS_PIPE_BYTES;
    }
    ssize_t written = write(log->fd, data, size);
    if (written < 0) {
        return errno == EINTR || errno == EAGAIN ? 0 : size;
    }
    return (size_t)written;
}

/* Says that lines are dropped, not at each of them. */
static void
tell_dropped(struct access_log *log)
{
    uint64_t lines;
    uint64_t dropped;
    access_log_count(log, &lines, &dropped);
    if (dropped == log->told_dropped) {
        return;
    }
    uint64_t now_us = clock_mono_us();
    if (log->told_us != 0 && now_us - log->told_us < ACCESS_TELL_US) {
        return;
    }
    char quoted[LOG_QUOTE_SIZE];
    LOG(ACCESS_LOG_DROPPED, "path=%s dropped=%llu since_start=%llu", log_quote(log->path, quoted),
        (unsigned long long)(dropped - log->told_dropped), (unsigned long long)dropped);
    log->told_dropped = dropped;
    log->told_us = now_us;
}

/* syslog takes a line at a time; the newline is not part of it. */
static size_t
syslog_write(const char *data, size_t size)
{
    const char *end = memchr(data, '\n', size);
    if (end == NULL) {
        return 0;
    }
    syslog(LOG_INFO | LOG_DAEMON, "%.*s", (int)(end - data), data);
    return (size_t)(end - data) + 1;
}

static void
ring_copy_out(const struct ring *ring, uint64_t from, char *out, size_t size)
{
    size_t at = (size_t)(from & (ACCESS_RING_BYTES - 1));
    size_t first = size < ACCESS_RING_BYTES - at ? size : ACCESS_RING_BYTES - at;
    memcpy(out, ring->data + at, first);
    memcpy(out + first, ring->data, size - first);
}

static void
ring_drain_syslog(struct ring *ring, uint64_t taken, uint64_t written)
{
    char line[ACCESS_LINE_MAX];
    while (taken < written) {
        size_t size = (size_t)(written - taken);
        size = size < sizeof(line) ? size : sizeof(line);
        ring_copy_out(ring, taken, line, size);
        taken += syslog_write(line, size);
        atomic_store_explicit(&ring->taken, taken, memory_order_release);
    }
}

static void
ring_drain(struct access_log *log, struct ring *ring)
{
    uint64_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
    uint64_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
    if (log->is_syslog) {
        ring_drain_syslog(ring, taken, written);
        return;
    }
    while (taken < written && !is_time_up(log)) {
        size_t at = (size_t)(taken & (ACCESS_RING_BYTES - 1));
        size_t size = (size_t)(written - taken);
        size = size < ACCESS_RING_BYTES - at ? size : ACCESS_RING_BYTES - at;
        size_t put = sink_write(log, ring->data + at, size);
        taken += put;
        atomic_store_explicit(&ring->taken, taken, memory_order_release);
        if (put == 0) {
            tell_dropped(log);
        }
        if (put == 0 && atomic_load(&log->must_reopen)) {
            return; /* another sink may be what ends the wait */
        }
    }
}

static bool
has_lines(const struct access_log *log)
{
    for (uint32_t i = 0; i < log->worker_count; i++) {
        if (atomic_load(&log->rings[i].written) != atomic_load(&log->rings[i].taken)) {
            return true;
        }
    }
    return false;
}

/* Waits until a worker wakes it; then a little longer, so that lines are written in batches. */
static void
writer_wait(struct access_log *log)
{
    struct pollfd poller = {.fd = log->wake_fd, .events = POLLIN};
    atomic_store(&log->is_asleep, true);
    if (!has_lines(log) && !atomic_load(&log->is_stopping)) {
        poll(&poller, 1, -1);
    }
    atomic_store(&log->is_asleep, false);
    uint64_t count;
    ssize_t got = read(log->wake_fd, &count, sizeof(count));
    (void)got;
    if (!atomic_load(&log->is_stopping)) {
        poll(&poller, 1, ACCESS_BATCH_MS);
    }
}

static void *
writer_run(void *argument)
{
    struct access_log *log = argument;
    pthread_setname_np(pthread_self(), "access-log");
    bool is_last = false;
    while (!is_last) {
        writer_wait(log);
        is_last = atomic_load(&log->is_stopping);
        if (atomic_exchange(&log->must_reopen, false)) {
            sink_reopen(log);
        }
        for (uint32_t i = 0; i < log->worker_count; i++) {
            ring_drain(log, &log->rings[i]);
        }
        tell_dropped(log);
    }
    return NULL;
}

static void
writer_wake(struct access_log *log)
{
    uint64_t one = 1;
    ssize_t put = write(log->wake_fd, &one, sizeof(one));
    (void)put; /* a full counter wakes too */
}

static enum err
log_allocate(struct access_log *log, const char *path, const char *node, uint32_t worker_count)
{
    log->path = strdup(path);
    log->node = strdup(node);
    log->rings = aligned_alloc(_Alignof(struct ring), worker_count * sizeof(*log->rings));
    if (log->path == NULL || log->node == NULL || log->rings == NULL) {
        return ERR_NO_MEMORY;
    }
    for (uint32_t i = 0; i < worker_count; i++) {
        log->rings[i] = (struct ring){.data = NULL};
    }
    log->worker_count = worker_count;
    for (uint32_t i = 0; i < worker_count; i++) {
        log->rings[i].data = malloc(ACCESS_RING_BYTES);
        if (log->rings[i].data == NULL) {
            return ERR_NO_MEMORY;
        }
    }
    return ERR_OK;
}

enum err
access_log_new(const char *path, const char *node, uint32_t worker_count, struct access_log **out,
               char *error, size_t error_size)
{
    struct access_log *log = calloc(1, sizeof(*log));
    if (log == NULL) {
        return ERR_NO_MEMORY;
    }
    log->fd = log->wake_fd = -1;
    enum err err = log_allocate(log, path, node, worker_count);
    snprintf(error, error_size, "%s", err_text(err));
    log->is_syslog = err == ERR_OK && strcmp(path, "syslog:") == 0;
    if (err == ERR_OK && !log->is_syslog) {
        log->fd = sink_open(log);
        log->is_file = sink_is_file(log->fd);
        if (log->fd < 0) {
            err = err_from_errno(errno);
            snprintf(error, error_size, "cannot open %s: %s", path, strerror(errno));
        }
    }
    if (err == ERR_OK) {
        log->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        log->has_writer =
            log->wake_fd >= 0 && pthread_create(&log->writer, NULL, writer_run, log) == 0;
        err = log->has_writer ? ERR_OK : ERR_LIMIT;
        snprintf(error, error_size, "cannot start the access log's writer: %s", err_text(err));
    }
    if (err != ERR_OK) {
        access_log_free(log);
        return err;
    }
    *out = log;
    return ERR_OK;
}

void
access_log_free(struct access_log *log)
{
    if (log == NULL) {
        return;
    }
    if (log->has_writer) {
        log->flush_deadline_us = clock_mono_us() + ACCESS_FLUSH_US;
        atomic_store(&log->is_stopping, true);
        writer_wake(log);
        pthread_join(log->writer, NULL);
    }
    for (uint32_t i = 0; log->rings != NULL && i < log->worker_count; i++) {
        free(log->rings[i].data);
    }
    if (log->fd >= 0) {
        close(log->fd);
    }
    if (log->wake_fd >= 0) {
        close(log->wake_fd);
    }
    free(log->rings);
    free(log->path);
    free(log->node);
    free(log);
}

void
access_log_write(struct access_log *log, uint32_t worker, const struct access_record *record)
{
    CHECK(worker < log->worker_count);
    struct ring *ring = &log->rings[worker];
    char line[ACCESS_LINE_MAX];
    size_t size = access_format(record, log->node, line);
    uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    uint64_t taken = atomic_load_explicit(&ring->taken, memory_order_acquire);
    if (ACCESS_RING_BYTES - (written - taken) < size) {
        atomic_fetch_add_explicit(&ring->dropped, 1, memory_order_relaxed);
        return;
    }
    size_t at = (size_t)(written & (ACCESS_RING_BYTES - 1));
    size_t first = size < ACCESS_RING_BYTES - at ? size : ACCESS_RING_BYTES - at;
    memcpy(ring->data + at, line, first);
    memcpy(ring->data, line + first, size - first);
    atomic_store_explicit(&ring->written, written + size, memory_order_seq_cst);
    uint64_t lines = atomic_load_explicit(&ring->lines, memory_order_relaxed);
    atomic_store_explicit(&ring->lines, lines + 1, memory_order_relaxed);
    if (atomic_load_explicit(&log->is_asleep, memory_order_seq_cst) &&
        atomic_exchange(&log->is_asleep, false)) {
        writer_wake(log);
    }
}

void
access_log_reopen(struct access_log *log)
{
    atomic_store(&log->must_reopen, true);
    writer_wake(log);
}

void
access_log_count(const struct access_log *log, uint64_t *lines, uint64_t *dropped)
{
    *lines = *dropped = 0;
    for (uint32_t i = 0; i < log->worker_count; i++) {
        *lines += atomic_load_explicit(&log->rings[i].lines, memory_order_relaxed);
        *dropped += atomic_load_explicit(&log->rings[i].dropped, memory_order_relaxed);
    }
}
