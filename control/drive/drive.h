/*
 * drive: the runner as turnoutd starts and ends it: opens the journal, folds it, starts traffic by
 * what it says, and from then on carries decisions out. What the API sees of it is runner.h.
 * Control thread.
 */
#ifndef TURNOUT_DRIVE_DRIVE_H
#define TURNOUT_DRIVE_DRIVE_H

#include "conf/conf.h"
#include "control/drive/runner.h"
#include "proxy/engine.h"

struct loop;

struct drive_options {
    const struct conf *conf; /* outlives the runner */
    struct loop *loop;
    const char *node; /* this node's name */
    /* Listeners and TLS, filled in by the caller; roles, settings and the first table are the
     * runner's to add. */
    struct engine_options engine;
    /* Called once, when traffic is accepted and the live sets' instances were checked (or their
     * health.timeout has passed). */
    void (*on_ready)(void *argument);
    void *argument;
};

/* The state directory exists and is locked. On failure nothing runs and `error` has a sentence for
 * a person. */
enum err drive_new(const struct drive_options *options, struct runner **out, char *error,
                   size_t error_size);

/* The engine that it started. */
struct engine *drive_engine(struct runner *runner);

/* A stop was asked for: views say so, and changes are refused from now on. */
void drive_set_stopping(struct runner *runner);

/* Ends traffic and the journal's thread, after what is being written. Followers must have been
 * freed. Accepts NULL. */
void drive_free(struct runner *runner);

#endif
