/*
 * folder: the names in the file journal's folder, and reading its files whole. One thread.
 */
#ifndef TURNOUT_JOURNAL_FOLDER_H
#define TURNOUT_JOURNAL_FOLDER_H

#include <stddef.h>
#include <stdint.h>
#include "proxy/base/buf.h"
#include "proxy/base/err.h"

enum { FOLDER_NAME_SIZE = 64, FOLDER_FILE_MAX = 64 * 1024 * 1024, FOLDER_FILES_MAX = 1000000 };

/* The epochs of the files of one kind, rising. */
struct folder_epochs {
    uint64_t *items;
    size_t count;
};

struct folder_list {
    struct folder_epochs segments;
    struct folder_epochs snapshots;
};

/* "segment-00000000000000000017"; kind is "segment" or "snapshot", `end` "" or ".tmp". */
void folder_name(char out[FOLDER_NAME_SIZE], const char *kind, uint64_t epoch, const char *end);

/* Lists the folder; other names are passed over. The caller gives *out back by folder_list_fini. */
enum err folder_list(int folder, struct folder_list *out);
void folder_list_fini(struct folder_list *list);

/* Calls `take` with every name that ends in ".tmp". */
void folder_each_unfinished(int folder, void (*take)(void *context, const char *name),
                            void *context);

/* Appends the file's bytes to an empty `out`. ERR_TOO_LARGE above FOLDER_FILE_MAX. */
enum err folder_read(int folder, const char *name, struct buf *out);

/* Index of the last item that is not above `epoch`, or count when there is none. */
size_t folder_find(const struct folder_epochs *epochs, uint64_t epoch);

#endif
