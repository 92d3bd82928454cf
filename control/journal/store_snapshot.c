/* Snapshots: written beside, named when they are whole and synced, the newest few kept. */
#include "control/journal/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Removes all but the newest; what cannot be removed now is tried again after the next snapshot. */
static void
prune(struct store *store)
{
    struct folder_list list;
    if (folder_list(store->folder, &list) != ERR_OK) {
        return;
    }
    for (size_t i = 0; i + STORE_SNAPSHOTS_KEPT < list.snapshots.count; i++) {
        char name[FOLDER_NAME_SIZE];
        folder_name(name, "snapshot", list.snapshots.items[i], "");
        io_unlink(&store->io, store->folder, name);
    }
    folder_list_fini(&list);
}

static enum err
write_file(struct store *store, const char *temporary, const char *name, struct span bytes)
{
    int file = io_create(&store->io, store->folder, temporary);
    if (file < 0) {
        return store_fail(store, "make", temporary);
    }
    bool is_written = io_write(&store->io, file, bytes, 0) == 0 && io_sync(&store->io, file) == 0;
    enum err err = is_written ? ERR_OK : store_fail(store, "write", temporary);
    close(file);
    if (err == ERR_OK && io_rename(&store->io, store->folder, temporary, name) != 0) {
        err = store_fail(store, "rename", temporary);
    }
    if (err != ERR_OK) {
        io_unlink(&store->io, store->folder, temporary);
        return err;
    }
    return io_sync(&store->io, store->folder) == 0 ? ERR_OK
                                                   : store_fail(store, "sync the folder of", name);
}

enum err
store_write_snapshot(struct journal *journal, const struct journal_place *place, struct span state)
{
    struct store *store = (struct store *)(void *)journal;
    char temporary[FOLDER_NAME_SIZE];
    char name[FOLDER_NAME_SIZE];
    size_t size = format_snapshot_size(state.size);
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) {
        errno = ENOMEM;
        return store_fail(store, "make", "a snapshot");
    }
    struct format_snapshot snapshot = {journal->cluster, *place, state};
    format_put_snapshot(bytes, &snapshot);
    folder_name(temporary, "snapshot", place->epoch, ".tmp");
    folder_name(name, "snapshot", place->epoch, "");
    enum err err = write_file(store, temporary, name, (struct span){(const char *)bytes, size});
    free(bytes);
    if (err == ERR_OK) {
        prune(store);
    }
    return err;
}

enum err
store_read_snapshot(struct store *store, uint64_t epoch, struct buf *file,
                    struct format_snapshot *snapshot)
{
    char name[FOLDER_NAME_SIZE];
    folder_name(name, "snapshot", epoch, "");
    enum err err = folder_read(store->folder, name, file);
    err = err == ERR_OK ? format_get_snapshot(buf_span(file), snapshot) : err;
    if (err == ERR_OK && snapshot->place.epoch != epoch) {
        err = ERR_CORRUPT;
    }
    if (err == ERR_VERSION) {
        snprintf(store->base.trouble, sizeof(store->base.trouble),
                 "%s/%s was written by a newer version of turnoutd; start that version, or remove "
                 "the file to have all events read instead",
                 store->path, name);
    }
    return err;
}
