#include "control/journal/format.h"

#include <string.h>

static const char format_segment_magic[8] = {'T', 'U', 'R', 'N', 'O', 'U', 'T', 'J'};
static const char format_snapshot_magic[8] = {'T', 'U', 'R', 'N', 'O', 'U', 'T', 'S'};
static const char format_record_mark[4] = {'E', 'V', 'N', 'T'};
static const char format_end_mark[FORMAT_END_SIZE] = {'E', 'N', 'D', '\n'};

static void
put_number(uint8_t *out, uint64_t value, size_t size)
{
    for (size_t i = size; i > 0; i--) {
        out[i - 1] = (uint8_t)(value & 0xff);
        value >>= 8;
    }
}

static uint64_t
get_number(const char *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | (uint8_t)bytes[i];
    }
    return value;
}

static void
checksum_of(struct span bytes, uint8_t out[FORMAT_CHECKSUM_SIZE])
{
    struct digest digest;
    digest_of(&bytes, 1, &digest);
    memcpy(out, digest.bytes, FORMAT_CHECKSUM_SIZE);
}

static bool
checksum_is_right(struct span bytes)
{
    uint8_t checksum[FORMAT_CHECKSUM_SIZE];
    checksum_of(bytes, checksum);
    return memcmp(checksum, bytes.data + bytes.size, FORMAT_CHECKSUM_SIZE) == 0;
}

/* What segments and snapshots begin with alike: 72 bytes. */
static void
put_common(uint8_t *out, const char magic[8], const struct journal_cluster *cluster, uint64_t epoch,
           const struct digest *digest)
{
    memcpy(out, magic, 8);
    put_number(out + 8, FORMAT_VERSION, 4);
    put_number(out + 12, FORMAT_HEADER_SIZE, 4);
    memcpy(out + 16, cluster->bytes, JOURNAL_CLUSTER_SIZE);
    put_number(out + 32, epoch, 8);
    memcpy(out + 40, digest->bytes, DIGEST_SIZE);
}

static enum err
get_common(struct span bytes, const char magic[8], struct journal_cluster *cluster, uint64_t *epoch,
           struct digest *digest)
{
    if (bytes.size < FORMAT_HEADER_SIZE || memcmp(bytes.data, magic, 8) != 0) {
        return ERR_CORRUPT;
    }
    /* The version is looked at before any checksum, whose place a newer format may change. */
    if (get_number(bytes.data + 8, 4) > FORMAT_VERSION) {
        return ERR_VERSION;
    }
    if (get_number(bytes.data + 8, 4) == 0 ||
        get_number(bytes.data + 12, 4) != FORMAT_HEADER_SIZE) {
        return ERR_CORRUPT;
    }
    memcpy(cluster->bytes, bytes.data + 16, JOURNAL_CLUSTER_SIZE);
    *epoch = get_number(bytes.data + 32, 8);
    memcpy(digest->bytes, bytes.data + 40, DIGEST_SIZE);
    return ERR_OK;
}

void
format_put_segment(uint8_t out[FORMAT_HEADER_SIZE], const struct format_segment *segment)
{
    put_common(out, format_segment_magic, &segment->cluster, segment->before.epoch + 1,
               &segment->before.head);
    checksum_of((struct span){(const char *)out, 72}, out + 72);
}

enum err
format_get_segment(struct span bytes, struct format_segment *segment)
{
    struct format_segment got;
    uint64_t first = 0;
    enum err err = get_common(bytes, format_segment_magic, &got.cluster, &first, &got.before.head);
    if (err != ERR_OK) {
        return err;
    }
    if (first == 0 || !checksum_is_right((struct span){bytes.data, 72})) {
        return ERR_CORRUPT;
    }
    got.before.epoch = first - 1;
    *segment = got;
    return ERR_OK;
}

size_t
format_record_size(size_t event_size)
{
    size_t size = FORMAT_RECORD_HEAD_SIZE + event_size + FORMAT_CHECKSUM_SIZE + FORMAT_END_SIZE;
    return (size + FORMAT_ALIGNMENT - 1) / FORMAT_ALIGNMENT * FORMAT_ALIGNMENT;
}

void
format_put_record(uint8_t *out, const struct journal_event *event)
{
    size_t total = format_record_size(event->bytes.size);
    size_t content = FORMAT_RECORD_HEAD_SIZE + event->bytes.size;
    memset(out, 0, total);
    put_number(out, event->bytes.size, 4);
    memcpy(out + 4, format_record_mark, sizeof(format_record_mark));
    put_number(out + 8, event->epoch, 8);
    memcpy(out + 16, event->hash.bytes, DIGEST_SIZE);
    memcpy(out + FORMAT_RECORD_HEAD_SIZE, event->bytes.data, event->bytes.size);
    checksum_of((struct span){(const char *)out, content}, out + content);
    memcpy(out + total - FORMAT_END_SIZE, format_end_mark, FORMAT_END_SIZE);
}

/* How the bytes between checksum and the record's end look. */
static enum format_record_state
look_at_end(const char *from, const char *to)
{
    const char *mark = to - FORMAT_END_SIZE;
    for (const char *byte = from; byte < mark; byte++) {
        if (*byte != 0) {
            return FORMAT_RECORD_MISENDED;
        }
    }
    if (memcmp(mark, format_end_mark, FORMAT_END_SIZE) == 0) {
        return FORMAT_RECORD_GOOD;
    }
    for (size_t i = 0; i < FORMAT_END_SIZE; i++) {
        if (mark[i] != 0 && mark[i] != format_end_mark[i]) {
            return FORMAT_RECORD_MISENDED;
        }
    }
    return FORMAT_RECORD_UNENDED;
}

enum format_record_state
format_get_record(struct span bytes, struct journal_event *event, size_t *size)
{
    static const char nothing[8];
    if (bytes.size < FORMAT_RECORD_HEAD_SIZE) {
        return bytes.size < 8 || memcmp(bytes.data, nothing, 8) == 0 ? FORMAT_RECORD_NONE
                                                                     : FORMAT_RECORD_DIFFERENT;
    }
    if (memcmp(bytes.data, nothing, 8) == 0) {
        return FORMAT_RECORD_NONE;
    }
    size_t event_size = get_number(bytes.data, 4);
    if (memcmp(bytes.data + 4, format_record_mark, 4) != 0 || event_size == 0 ||
        event_size > JOURNAL_EVENT_MAX || format_record_size(event_size) > bytes.size) {
        return FORMAT_RECORD_DIFFERENT;
    }
    size_t content = FORMAT_RECORD_HEAD_SIZE + event_size;
    if (!checksum_is_right((struct span){bytes.data, content})) {
        return FORMAT_RECORD_DIFFERENT;
    }
    size_t total = format_record_size(event_size);
    enum format_record_state state =
        look_at_end(bytes.data + content + FORMAT_CHECKSUM_SIZE, bytes.data + total);
    event->epoch = get_number(bytes.data + 8, 8);
    memcpy(event->hash.bytes, bytes.data + 16, DIGEST_SIZE);
    event->bytes = (struct span){bytes.data + FORMAT_RECORD_HEAD_SIZE, event_size};
    *size = total;
    return state;
}

size_t
format_snapshot_size(size_t state_size)
{
    return FORMAT_HEADER_SIZE + state_size + DIGEST_SIZE;
}

void
format_put_snapshot(uint8_t *out, const struct format_snapshot *snapshot)
{
    size_t content = FORMAT_HEADER_SIZE + snapshot->state.size;
    put_common(out, format_snapshot_magic, &snapshot->cluster, snapshot->place.epoch,
               &snapshot->place.head);
    put_number(out + 72, snapshot->state.size, 8);
    if (snapshot->state.size > 0) {
        memcpy(out + FORMAT_HEADER_SIZE, snapshot->state.data, snapshot->state.size);
    }
    struct digest digest;
    digest_of(&(struct span){(const char *)out, content}, 1, &digest);
    memcpy(out + content, digest.bytes, DIGEST_SIZE);
}

enum err
format_get_snapshot(struct span bytes, struct format_snapshot *snapshot)
{
    struct format_snapshot got;
    enum err err =
        get_common(bytes, format_snapshot_magic, &got.cluster, &got.place.epoch, &got.place.head);
    if (err != ERR_OK) {
        return err;
    }
    uint64_t state_size = get_number(bytes.data + 72, 8);
    if (got.place.epoch == 0 || state_size > JOURNAL_STATE_MAX ||
        format_snapshot_size((size_t)state_size) != bytes.size) {
        return ERR_CORRUPT;
    }
    size_t content = FORMAT_HEADER_SIZE + (size_t)state_size;
    struct digest digest;
    digest_of(&(struct span){bytes.data, content}, 1, &digest);
    if (memcmp(digest.bytes, bytes.data + content, DIGEST_SIZE) != 0) {
        return ERR_CORRUPT;
    }
    got.state = (struct span){bytes.data + FORMAT_HEADER_SIZE, (size_t)state_size};
    *snapshot = got;
    return ERR_OK;
}
