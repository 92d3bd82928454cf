/*
 * Files of the journal, in two ways by the first byte: 'r', the rest is a file as it is; else a
 * right segment is made of the input, bytes of it are changed as the input says, and what is still
 * read must be what was written.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/journal/segment.h"
#include "proxy/base/check.h"

enum { FUZZ_FILE_SIZE = 4096, FUZZ_EVENTS = 8 };

struct taken {
    uint64_t count;
    const struct journal_event *written; /* NULL: nothing is known of them */
};

static enum err
take(void *context, const struct journal_event *event)
{
    struct taken *taken = context;
    taken->count++;
    CHECK(event->bytes.size > 0 && event->bytes.size <= JOURNAL_EVENT_MAX);
    if (taken->written != NULL) {
        const struct journal_event *written = &taken->written[taken->count - 1];
        CHECK(taken->count <= FUZZ_EVENTS && event->epoch == written->epoch);
        CHECK(memcmp(event->hash.bytes, written->hash.bytes, DIGEST_SIZE) == 0);
        CHECK(span_equal(event->bytes, written->bytes));
    }
    return ERR_OK;
}

/* What is cut at its end is clean, and holds the same. */
static void
read_segment(struct span file, const struct journal_event *written)
{
    struct format_segment segment;
    if (format_get_segment(file, &segment) != ERR_OK) {
        return;
    }
    struct taken taken = {0, written};
    struct segment_scan scan = {.place = segment.before};
    segment_read(file, 0, take, &taken, &scan);
    CHECK(scan.size >= FORMAT_HEADER_SIZE && scan.size <= file.size);
    CHECK(scan.end != SEGMENT_END_STOPPED && scan.torn_bytes <= file.size - scan.size);
    CHECK((scan.end == SEGMENT_END_TORN) == (scan.torn_bytes > 0));
    if (scan.end != SEGMENT_END_DAMAGED) {
        struct taken again = {0, written};
        struct segment_scan cut = {.place = segment.before};
        segment_read((struct span){file.data, (size_t)scan.size}, 0, take, &again, &cut);
        CHECK(cut.end == SEGMENT_END_CLEAN && cut.size == scan.size && again.count == taken.count);
        CHECK(memcmp(&cut.place, &scan.place, sizeof(cut.place)) == 0);
    }
}

static void
read_changed(struct span input)
{
    static uint8_t file[FUZZ_FILE_SIZE];
    struct journal_event events[FUZZ_EVENTS];
    struct format_segment segment = {.before = {.epoch = 41}};
    struct journal_place place = segment.before;
    size_t at = FORMAT_HEADER_SIZE;
    memset(file, 0, sizeof(file));
    format_put_segment(file, &segment);
    for (size_t i = 0; i < FUZZ_EVENTS && input.size > 0; i++) {
        size_t size = (uint8_t)input.data[0] % input.size;
        events[i] = (struct journal_event){
            .epoch = place.epoch + 1,
            .bytes = size == 0 ? SPAN("e") : (struct span){input.data, size},
        };
        journal_hash(&place.head, events[i].epoch, events[i].bytes, &events[i].hash);
        format_put_record(file + at, &events[i]);
        at += format_record_size(events[i].bytes.size);
        place = (struct journal_place){events[i].epoch, events[i].hash};
        input.data += size > 0 ? size : 1;
        input.size -= size > 0 ? size : 1;
    }
    for (; input.size >= 3; input.data += 3, input.size -= 3) {
        size_t offset = ((size_t)(uint8_t)input.data[0] << 8 | (uint8_t)input.data[1]) % at;
        file[offset] = (uint8_t)input.data[2];
    }
    read_segment((struct span){(const char *)file, sizeof(file)}, events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > FUZZ_FILE_SIZE / 2) {
        return 0;
    }
    struct span input = {(const char *)data + 1, size - 1};
    if (data[0] != 'r') {
        read_changed(input);
        return 0;
    }
    struct format_snapshot snapshot;
    if (format_get_snapshot(input, &snapshot) == ERR_OK) {
        CHECK(snapshot.state.size < input.size);
    }
    read_segment(input, NULL);
    return 0;
}
