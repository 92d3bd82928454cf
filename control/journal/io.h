/*
 * io: one wrapper per system call by which the journal changes something on disk, so that a test
 * can make any of them fail, or the process die there. Calls behave as the system's: -1 and errno.
 * Reading is not counted. One thread.
 *
 * A fault is written "journal:N:WHAT": at the N-th counted call since the opening (1 is the first),
 * and with "N+" at every one from there on. WHAT is one of
 *   kill        the process dies (SIGKILL) in place of the call
 *   kill-after  it dies when the call has been made
 *   torn        a write writes half of its bytes, then the process dies (other calls: as kill)
 *   short       a write writes half of its bytes and says so (other calls are not touched)
 *   full        a write writes half of its bytes, the next counted call fails with ENOSPC
 *               (other calls: as ENOSPC)
 *   ENOSPC, EIO, EROFS, EDQUOT   the call is not made and fails with that error
 * The daemon takes it from the environment variable TURNOUT_FAULT when it opens its journal. That
 * is for tests; without the variable the wrappers only count.
 */
#ifndef TURNOUT_JOURNAL_IO_H
#define TURNOUT_JOURNAL_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proxy/base/err.h"
#include "proxy/base/span.h"

enum io_fault_kind {
    IO_FAULT_NONE,
    IO_FAULT_KILL,
    IO_FAULT_KILL_AFTER,
    IO_FAULT_TORN,
    IO_FAULT_SHORT,
    IO_FAULT_FULL,
    IO_FAULT_ERRNO
};

struct io {
    uint64_t calls; /* counted so far */
    uint64_t fault_at;
    bool is_lasting; /* the fault is at every call from fault_at on */
    enum io_fault_kind kind;
    int fault_errno;
};

/* `fault` as above, NULL or "" for none. ERR_INVALID when it is not understood: a mistyped fault
 * must not look like a test that passed. */
enum err io_init(struct io *io, const char *fault);

int io_mkdir(struct io *io, const char *path);
/* Creates or empties a file, 0600, for reading and writing. */
int io_create(struct io *io, int folder, const char *name);
/* Writes all of the bytes at the offset; several calls when the system writes short. */
int io_write(struct io *io, int file, struct span bytes, uint64_t offset);
int io_truncate(struct io *io, int file, uint64_t size);
/* Data and what is needed to find it again. */
int io_sync_data(struct io *io, int file);
/* Everything; of a folder: its names. */
int io_sync(struct io *io, int file);
int io_rename(struct io *io, int folder, const char *from, const char *to);
int io_unlink(struct io *io, int folder, const char *name);

#endif
