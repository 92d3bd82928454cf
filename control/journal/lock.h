/*
 * lock: one daemon per state directory. The lock is the kernel's (flock on STATE_DIR/lock), so it
 * ends with the process however it dies; the file stays. The pid inside is for people. Main thread,
 * at start and end.
 */
#ifndef TURNOUT_JOURNAL_LOCK_H
#define TURNOUT_JOURNAL_LOCK_H

#include <stddef.h>
#include "proxy/base/err.h"

struct lock;

/* Makes the state directory (0700, with missing parents) and takes its lock. ERR_IN_USE when
 * another process holds it; `text` then names its pid. Whatever the failure, `text` tells a person
 * what to do and *out is untouched. The caller owns *out. */
enum err lock_take(const char *state_dir, struct lock **out, char *text, size_t text_size);

/* Gives the lock back. Accepts NULL. */
void lock_release(struct lock *lock);

#endif
