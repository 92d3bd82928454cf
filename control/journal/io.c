#include "control/journal/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct io_word {
    const char *word;
    enum io_fault_kind kind;
    int number;
} io_words[] = {
    {"kill", IO_FAULT_KILL, 0},         {"kill-after", IO_FAULT_KILL_AFTER, 0},
    {"torn", IO_FAULT_TORN, 0},         {"short", IO_FAULT_SHORT, 0},
    {"full", IO_FAULT_FULL, ENOSPC},    {"ENOSPC", IO_FAULT_ERRNO, ENOSPC},
    {"EIO", IO_FAULT_ERRNO, EIO},       {"EROFS", IO_FAULT_ERRNO, EROFS},
    {"EDQUOT", IO_FAULT_ERRNO, EDQUOT},
};

static bool
io_take_word(struct io *io, struct span word)
{
    for (size_t i = 0; i < sizeof(io_words) / sizeof(io_words[0]); i++) {
        if (span_equal(word, span_of(io_words[i].word))) {
            io->kind = io_words[i].kind;
            io->fault_errno = io_words[i].number;
            return true;
        }
    }
    return false;
}

enum err
io_init(struct io *io, const char *fault)
{
    static const char area[] = "journal:";
    struct io made = {0};
    if (fault == NULL || fault[0] == '\0') {
        *io = made;
        return ERR_OK;
    }
    if (strncmp(fault, area, sizeof(area) - 1) != 0) {
        return ERR_INVALID;
    }
    const char *number = fault + sizeof(area) - 1;
    const char *colon = strchr(number, ':');
    if (colon == NULL || colon == number) {
        return ERR_INVALID;
    }
    struct span digits = {number, (size_t)(colon - number)};
    if (digits.data[digits.size - 1] == '+') {
        made.is_lasting = true;
        digits.size--;
    }
    if (!span_to_u64(digits, &made.fault_at) || !io_take_word(&made, span_of(colon + 1))) {
        return ERR_INVALID;
    }
    *io = made;
    return ERR_OK;
}

/* As a power cut would: no handler, no flush, no exit code of our own. */
_Noreturn static void
io_die(void)
{
    kill(getpid(), SIGKILL);
    abort();
}

/* Counts a call and says which fault is due at it. */
static enum io_fault_kind
io_count(struct io *io)
{
    io->calls++;
    bool is_due = io->calls == io->fault_at || (io->is_lasting && io->calls > io->fault_at);
    return is_due ? io->kind : IO_FAULT_NONE;
}

/* True when the call is to be made. What only writes can suffer happens to others as its neighbour.
 */
static bool
io_enter(struct io *io, enum io_fault_kind *fault)
{
    *fault = io_count(io);
    if (*fault == IO_FAULT_KILL || *fault == IO_FAULT_TORN) {
        io_die();
    }
    if (*fault == IO_FAULT_ERRNO || *fault == IO_FAULT_FULL) {
        errno = io->fault_errno;
        return false;
    }
    return true;
}

static int
io_leave(enum io_fault_kind fault, int result)
{
    if (fault == IO_FAULT_KILL_AFTER) {
        io_die();
    }
    return result;
}

int
io_mkdir(struct io *io, const char *path)
{
    enum io_fault_kind fault;
    return io_enter(io, &fault) ? io_leave(fault, mkdir(path, 0700)) : -1;
}

int
io_create(struct io *io, int folder, const char *name)
{
    enum io_fault_kind fault;
    if (!io_enter(io, &fault)) {
        return -1;
    }
    return io_leave(fault, openat(folder, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
}

/* One pwrite, whole, short or not at all. */
static ssize_t
io_pwrite(struct io *io, int file, struct span bytes, uint64_t offset)
{
    enum io_fault_kind fault = io_count(io);
    if (fault == IO_FAULT_KILL) {
        io_die();
    }
    if (fault == IO_FAULT_ERRNO) {
        errno = io->fault_errno;
        return -1;
    }
    bool is_half = fault == IO_FAULT_TORN || fault == IO_FAULT_SHORT || fault == IO_FAULT_FULL;
    size_t size = is_half && bytes.size > 1 ? bytes.size / 2 : bytes.size;
    ssize_t written = pwrite(file, bytes.data, size, (off_t)offset);
    if (fault == IO_FAULT_TORN || fault == IO_FAULT_KILL_AFTER) {
        io_die();
    }
    if (fault == IO_FAULT_FULL) {
        io->fault_at = io->calls + 1;
        io->kind = IO_FAULT_ERRNO;
    }
    return written;
}

int
io_write(struct io *io, int file, struct span bytes, uint64_t offset)
{
    while (bytes.size > 0) {
        ssize_t written = io_pwrite(io, file, bytes, offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            errno = written == 0 ? EIO : errno;
            return -1;
        }
        bytes.data += written;
        bytes.size -= (size_t)written;
        offset += (uint64_t)written;
    }
    return 0;
}

int
io_truncate(struct io *io, int file, uint64_t size)
{
    enum io_fault_kind fault;
    return io_enter(io, &fault) ? io_leave(fault, ftruncate(file, (off_t)size)) : -1;
}

int
io_sync_data(struct io *io, int file)
{
    enum io_fault_kind fault;
    return io_enter(io, &fault) ? io_leave(fault, fdatasync(file)) : -1;
}

int
io_sync(struct io *io, int file)
{
    enum io_fault_kind fault;
    return io_enter(io, &fault) ? io_leave(fault, fsync(file)) : -1;
}

int
io_rename(struct io *io, int folder, const char *from, const char *to)
{
    enum io_fault_kind fault;
    return io_enter(io, &fault) ? io_leave(fault, renameat(folder, from, folder, to)) : -1;
}

int
io_unlink(struct io *io, int folder, const char *name)
{
    enum io_fault_kind fault;
    return io_enter(io, &fault) ? io_leave(fault, unlinkat(folder, name, 0)) : -1;
}
