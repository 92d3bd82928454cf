#include "control/journal/journal.h"

#include <stdio.h>
#include <string.h>

#include "control/journal/backend.h"
#include "proxy/base/check.h"

struct journal_cluster
journal_cluster(const struct journal *journal)
{
    return journal->cluster;
}

struct journal_place
journal_place(const struct journal *journal)
{
    return journal->place;
}

bool
journal_is_failed(const struct journal *journal)
{
    return journal->is_failed;
}

const char *
journal_trouble(const struct journal *journal)
{
    return journal->trouble;
}

static bool
is_same_place(const struct journal_place *a, const struct journal_place *b)
{
    return a->epoch == b->epoch && memcmp(a->head.bytes, b->head.bytes, DIGEST_SIZE) == 0;
}

enum err
journal_append(struct journal *journal, const struct journal_place *expected,
               enum journal_room room, struct span bytes, struct journal_place *now)
{
    journal->trouble[0] = '\0';
    if (bytes.size == 0) {
        return ERR_INVALID;
    }
    if (bytes.size > JOURNAL_EVENT_MAX) {
        snprintf(journal->trouble, sizeof(journal->trouble),
                 "an event of %zu bytes is larger than the limit of %d", bytes.size,
                 (int)JOURNAL_EVENT_MAX);
        return ERR_TOO_LARGE;
    }
    if (!is_same_place(expected, &journal->place)) {
        snprintf(journal->trouble, sizeof(journal->trouble),
                 "the journal is at epoch %llu, the event was decided at %llu",
                 (unsigned long long)journal->place.epoch, (unsigned long long)expected->epoch);
        return ERR_CONFLICT;
    }
    return journal->ops->append(journal, room, bytes, now);
}

enum err
journal_snapshot(struct journal *journal, const struct journal_place *place, struct span state)
{
    journal->trouble[0] = '\0';
    CHECK(place->epoch >= 1 && place->epoch <= journal->place.epoch);
    if (state.size > JOURNAL_STATE_MAX) {
        snprintf(journal->trouble, sizeof(journal->trouble),
                 "a state of %zu bytes is larger than the limit of %d", state.size,
                 (int)JOURNAL_STATE_MAX);
        return ERR_TOO_LARGE;
    }
    return journal->ops->snapshot(journal, place, state);
}

enum err
journal_read(struct journal *journal, uint64_t from_epoch, journal_event_fn event, void *context)
{
    journal->trouble[0] = '\0';
    return journal->ops->read(journal, from_epoch == 0 ? 1 : from_epoch, event, context);
}

void
journal_close(struct journal *journal)
{
    if (journal != NULL) {
        journal->ops->close(journal);
    }
}

void
journal_hash(const struct digest *previous, uint64_t epoch, struct span bytes, struct digest *out)
{
    char number[8];
    for (size_t i = 0; i < sizeof(number); i++) {
        number[i] = (char)(uint8_t)(epoch >> (56 - 8 * i));
    }
    const struct span pieces[] = {
        {(const char *)previous->bytes, DIGEST_SIZE}, {number, sizeof(number)}, bytes};
    struct digest digest;
    digest_of(pieces, sizeof(pieces) / sizeof(pieces[0]), &digest);
    *out = digest;
}
