/*
 * codec: events as the journal stores them and as people read them: one JSON object each, made and
 * read by the core's tables of events and fields. Control thread, and whoever opens the journal.
 */
#ifndef TURNOUT_DRIVE_CODEC_H
#define TURNOUT_DRIVE_CODEC_H

#include <stdint.h>
#include "control/core/event.h"
#include "proxy/base/buf.h"

/* Appends the stored form: {"event", "at_us", "by", "claimed", "note", "nonce", fields...}, without
 * a line end. `nonce` tells two appends of the same decision apart; 0 leaves it out (a snapshot's
 * lines). ERR_NO_MEMORY leaves the buf as it was. */
enum err codec_encode(const struct core_event *event, uint64_t nonce, struct buf *out);

/* Reads a stored form. The caller fini's *out on ERR_OK. ERR_CORRUPT when it is no such object,
 * ERR_VERSION when it names an event or a field that this program does not know (a newer one wrote
 * it); `trouble` then says what, for a person. */
enum err codec_decode(struct span bytes, struct core_event *out, char *trouble,
                      size_t trouble_size);

/* Appends the form for people: {"epoch", "at" (RFC 3339), "event", "by", "note", fields...}. */
enum err codec_describe(const struct core_event *event, uint64_t epoch, struct buf *out);

#endif
