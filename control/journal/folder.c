#include "control/journal/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_DIGITS = 20 };

void
folder_name(char out[FOLDER_NAME_SIZE], const char *kind, uint64_t epoch, const char *end)
{
    snprintf(out, FOLDER_NAME_SIZE, "%s-%0*llu%s", kind, FOLDER_DIGITS, (unsigned long long)epoch,
             end);
}

/* The epoch in "KIND-EPOCH"; false for another name. */
static bool
folder_parse(const char *name, const char *kind, uint64_t *epoch)
{
    char again[FOLDER_NAME_SIZE];
    size_t kind_size = strlen(kind);
    uint64_t found = 0;
    if (strncmp(name, kind, kind_size) != 0 || name[kind_size] != '-') {
        return false;
    }
    struct span digits = span_of(name + kind_size + 1);
    /* 20 digits are one more than span_to_u64 takes; the first one is 0 for any epoch to come. */
    if (digits.size != FOLDER_DIGITS || digits.data[0] != '0' ||
        !span_to_u64((struct span){digits.data + 1, digits.size - 1}, &found)) {
        return false;
    }
    folder_name(again, kind, found, "");
    *epoch = found;
    return strcmp(again, name) == 0;
}

static enum err
folder_add(struct folder_epochs *epochs, uint64_t epoch)
{
    if (epochs->count == FOLDER_FILES_MAX) {
        return ERR_LIMIT;
    }
    /* Room is doubled whenever the count is a power of two. */
    if ((epochs->count & (epochs->count - 1)) == 0) {
        size_t room = epochs->count == 0 ? 1 : epochs->count * 2;
        uint64_t *items = realloc(epochs->items, room * sizeof(*items));
        if (items == NULL) {
            return ERR_NO_MEMORY;
        }
        epochs->items = items;
    }
    epochs->items[epochs->count++] = epoch;
    return ERR_OK;
}

/* A stream over the folder that may be closed without closing `folder`. */
static DIR *
folder_stream(int folder)
{
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = again < 0 ? NULL : fdopendir(again);
    if (stream == NULL && again >= 0) {
        close(again);
    }
    return stream;
}

static int
compare_epochs(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static void
folder_sort(struct folder_epochs *epochs)
{
    if (epochs->count > 1) {
        qsort(epochs->items, epochs->count, sizeof(*epochs->items), compare_epochs);
    }
}

enum err
folder_list(int folder, struct folder_list *out)
{
    struct folder_list list = {{NULL, 0}, {NULL, 0}};
    DIR *stream = folder_stream(folder);
    if (stream == NULL) {
        return err_from_errno(errno);
    }
    enum err err = ERR_OK;
    struct dirent *entry;
    while (err == ERR_OK && (errno = 0, entry = readdir(stream)) != NULL) {
        uint64_t epoch;
        if (folder_parse(entry->d_name, "segment", &epoch)) {
            err = folder_add(&list.segments, epoch);
        } else if (folder_parse(entry->d_name, "snapshot", &epoch)) {
            err = folder_add(&list.snapshots, epoch);
        }
    }
    if (err == ERR_OK && errno != 0) {
        err = err_from_errno(errno);
    }
    closedir(stream);
    if (err != ERR_OK) {
        folder_list_fini(&list);
        return err;
    }
    folder_sort(&list.segments);
    folder_sort(&list.snapshots);
    *out = list;
    return ERR_OK;
}

void
folder_list_fini(struct folder_list *list)
{
    free(list->segments.items);
    free(list->snapshots.items);
    *list = (struct folder_list){{NULL, 0}, {NULL, 0}};
}

void
folder_each_unfinished(int folder, void (*take)(void *context, const char *name), void *context)
{
    DIR *stream = folder_stream(folder);
    struct dirent *entry;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        size_t size = strlen(entry->d_name);
        if (size > 4 && strcmp(entry->d_name + size - 4, ".tmp") == 0) {
            take(context, entry->d_name);
        }
    }
    if (stream != NULL) {
        closedir(stream);
    }
}

static enum err
folder_read_all(int file, struct buf *out)
{
    struct stat facts;
    if (fstat(file, &facts) != 0) {
        return err_from_errno(errno);
    }
    if (facts.st_size > FOLDER_FILE_MAX) {
        return ERR_TOO_LARGE;
    }
    size_t left = (size_t)facts.st_size;
    char *place = buf_reserve(out, left + 1);
    if (place == NULL) {
        return ERR_NO_MEMORY;
    }
    while (left > 0) {
        ssize_t got = read(file, place, left);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return err_from_errno(errno);
        }
        if (got == 0) {
            break;
        }
        buf_add_size(out, (size_t)got);
        place += got;
        left -= (size_t)got;
    }
    return ERR_OK;
}

enum err
folder_read(int folder, const char *name, struct buf *out)
{
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return err_from_errno(errno);
    }
    enum err err = folder_read_all(file, out);
    close(file);
    return err;
}

size_t
folder_find(const struct folder_epochs *epochs, uint64_t epoch)
{
    size_t found = epochs->count;
    for (size_t i = 0; i < epochs->count && epochs->items[i] <= epoch; i++) {
        found = i;
    }
    return found;
}
