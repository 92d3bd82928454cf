/*
 * stream_parts: what the TLS side of a stream needs of it, for the files of this folder only.
 */
#ifndef TURNOUT_NET_STREAM_PARTS_H
#define TURNOUT_NET_STREAM_PARTS_H

#include "proxy/net/stream.h"

/* Notes why the stream is dead; returns STREAM_FAILED. */
enum stream_result stream_fail(struct stream *stream, int error);

#endif
