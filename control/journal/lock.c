#include "control/journal/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct lock {
    int file;
};

enum { LOCK_PID_SIZE = 24 };

static enum err
lock_fail(const char *what, const char *path, char *text, size_t text_size)
{
    int number = errno;
    char cause[128];
    snprintf(text, text_size,
             "cannot %s %s: %s; check state_dir, its rights and its disk, and the user that "
             "turnoutd runs as",
             what, path, strerror_r(number, cause, sizeof(cause)));
    return err_from_errno(number);
}

/* Makes the folder and those above it; those that exist stay as they are. */
static enum err
make_folders(const char *path, char *text, size_t text_size)
{
    char part[PATH_MAX];
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof(part)) {
        errno = size == 0 ? ENOENT : ENAMETOOLONG;
        return lock_fail("use", path, text, text_size);
    }
    for (size_t i = 1; i <= size; i++) {
        bool is_whole = i == size;
        if (!is_whole && path[i] != '/') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        struct stat facts;
        if (stat(part, &facts) == 0) {
            continue;
        }
        if (mkdir(part, is_whole ? 0700 : 0755) != 0 && errno != EEXIST) {
            return lock_fail("make", part, text, text_size);
        }
    }
    return ERR_OK;
}

/* The pid of the holder as its file says, for the message. */
static void
tell_holder(int file, const char *state_dir, char *text, size_t text_size)
{
    char pid[LOCK_PID_SIZE];
    ssize_t size = pread(file, pid, sizeof(pid) - 1, 0);
    size = size < 0 ? 0 : size;
    pid[size] = '\0';
    pid[strspn(pid, "0123456789")] = '\0';
    snprintf(text, text_size,
             "another turnoutd%s%s uses the state directory %s; stop it first, or give this one a "
             "state_dir of its own",
             pid[0] == '\0' ? "" : ", pid ", pid, state_dir);
}

/* A full or read-only disk must not keep traffic from being served: the pid is only for people. */
static void
write_pid(int file)
{
    char pid[LOCK_PID_SIZE];
    int size = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(file, 0) != 0 || pwrite(file, pid, (size_t)size, 0) != size) {
        return;
    }
}

static int
open_lock(int folder)
{
    int file = openat(folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 && errno == EROFS) {
        file = openat(folder, "lock", O_RDONLY | O_CLOEXEC);
    }
    return file;
}

enum err
lock_take(const char *state_dir, struct lock **out, char *text, size_t text_size)
{
    enum err err = make_folders(state_dir, text, text_size);
    if (err != ERR_OK) {
        return err;
    }
    int folder = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int file = folder < 0 ? -1 : open_lock(folder);
    struct lock *lock = malloc(sizeof(*lock));
    if (file < 0) {
        err = lock_fail("open the lock in", state_dir, text, text_size);
    } else if (lock == NULL) {
        errno = ENOMEM;
        err = lock_fail("lock", state_dir, text, text_size);
    } else if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        err = errno == EWOULDBLOCK ? ERR_IN_USE : lock_fail("lock", state_dir, text, text_size);
    }
    if (err == ERR_IN_USE) {
        tell_holder(file, state_dir, text, text_size);
    }
    if (folder >= 0) {
        close(folder);
    }
    if (err != ERR_OK) {
        if (file >= 0) {
            close(file);
        }
        free(lock);
        return err;
    }
    write_pid(file);
    lock->file = file;
    *out = lock;
    return ERR_OK;
}

void
lock_release(struct lock *lock)
{
    if (lock == NULL) {
        return;
    }
    close(lock->file);
    free(lock);
}
