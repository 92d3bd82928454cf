/*
 * runner_parts: what the runner's files share; nobody else includes it.
 *
 *   open.c     settings, traffic by what the journal says; and the end
 *   fold.c     the journal is opened and folded
 *   runner.c   the turn: append, judge commands, decide, publish, tell
 *   append.c   one event at a time goes to the journal and comes back applied
 *   job.c      commands on their way
 *   progress.c operations and their steps
 *   follow.c   followers are told
 *   await.c    followers that wait for a state
 *   record.c   the journal as people read it
 *   keep.c     snapshots
 *   view.c     everything at one moment
 */
#ifndef TURNOUT_DRIVE_RUNNER_PARTS_H
#define TURNOUT_DRIVE_RUNNER_PARTS_H

#include "control/core/command.h"
#include "control/core/decide.h"
#include "control/core/target.h"
#include "control/drive/blocking.h"
#include "control/drive/drive.h"
#include "control/drive/prober.h"
#include "control/drive/roster.h"
#include "control/journal/journal_file.h"
#include "proxy/base/arena.h"
#include "proxy/base/random.h"
#include "proxy/net/loop.h"
#include "proxy/net/timer.h"

enum {
    RUNNER_PUBLICATIONS_MAX = 64,
    RUNNER_OPERATIONS_MAX = 64,     /* ended ones that are remembered */
    RUNNER_STEPS_MAX = 256,         /* kept of one operation */
    RUNNER_RECORDS_MAX = 65536,     /* events kept in memory for history */
    RUNNER_SNAPSHOT_EVENTS = 512,   /* events between two snapshots */
    RUNNER_TELL_EVERY_US = 1000000, /* a step that waits is told so often */
    RUNNER_TROUBLE_MAX_MS = 10000,  /* then followers are told that the journal is not written */
    RUNNER_RETRY_MS = 1000          /* after the journal could not be written */
};

/* An event on its way into the journal. */
struct pending_event {
    struct list node;
    struct core_event event;
    struct job *job; /* whose command it is; NULL: the core decided it */
    bool is_last;    /* of its command */
};

/* A command: waiting to be judged, or with its events on the way. */
struct job {
    struct list node; /* among those to be judged */
    struct arena arena;
    struct core_command command;
    struct runner_follower *follower; /* NULL: it was freed */
    uint64_t wait_until_ms;           /* while another operation runs; 0: do not wait */
    uint64_t operation;               /* epoch of the event that began it, once it is there */
    bool is_begun;                    /* an event of it is in the journal */
    char text[2 * CORE_TEXT_SIZE];
};

struct kept_step {
    char *text;
    const char *name; /* static */
    uint64_t at_us;
    uint64_t epoch;
};

/* An operation that runs or ran in this process. */
struct operation {
    struct list node;
    uint64_t id;
    char id_text[RUNNER_ID_SIZE];
    char role[CORE_ROLE_SIZE];
    enum core_kind kind;
    enum core_step step;
    bool has_step;
    bool has_trouble; /* its last step says that the journal cannot be written */
    uint64_t told_us; /* when the latest step was told, of the monotonic clock */
    bool is_over;
    enum runner_result result;
    bool has_drain;
    struct runner_drain drain;
    struct kept_step *steps;
    size_t step_count;
};

enum follow_kind { FOLLOW_COMMAND, FOLLOW_OPERATION, FOLLOW_STATE };

struct runner_follower {
    struct list node;
    struct runner *runner;
    struct runner_follower_calls calls;
    void *arg;
    enum follow_kind kind;
    struct job *job;    /* of FOLLOW_COMMAND, until it is judged */
    uint64_t operation; /* 0: none yet */
    size_t told;        /* steps of it that were told */
    bool is_over;
    bool is_freed;
    /* FOLLOW_STATE */
    enum runner_wait state;
    char role[CORE_ROLE_SIZE];
    char build[CORE_NAME_SIZE];
    struct digest digest;
    uint64_t until_ms; /* 0: never gives up */
    bool is_new;       /* not looked at yet */
    /* What is to be told at the next turn. */
    bool has_end;
    bool is_refused;
    const char *code;
    int status;
    enum runner_result result;
    uint64_t end_epoch;
    bool has_drain;
    struct runner_drain drain;
    const char *end_name;
    const char *kind_name;
    char text[2 * CORE_TEXT_SIZE];
};

/* One event as people read it. */
struct record {
    uint64_t epoch;
    uint64_t wall_us;
    enum core_event_kind kind;
    uint64_t cutover; /* that it speaks of; 0: none */
    char *json;
    size_t size;
    char roles[2][CORE_ROLE_SIZE]; /* whom it concerns; more than two: every role */
    bool is_for_all;
};

struct runner_events {
    struct list node;
    struct runner *runner;
    uint64_t after_epoch;
    runner_event_call call;
    void *arg;
    bool is_over;
    bool is_freed;
};

struct publication {
    uint64_t serial;
    uint64_t epoch;
};

struct runner {
    const struct conf *conf;
    struct loop *loop;
    const char *node;
    struct engine *engine;
    struct prober *prober;
    struct blocking *blocking;
    struct roster *roster;
    struct route_map *routes;
    const struct role_settings **role_settings;
    struct core_role_settings *core_roles;
    struct core_settings settings;
    struct core_state *state;
    struct random random;
    uint64_t started_us;
    bool is_stopping;

    struct journal *journal;
    struct journal_place place;
    bool is_appending;
    bool is_unapplied; /* the first pending event is stored but not folded in, for want of memory */
    bool is_journal_well;
    bool is_journal_failed;
    uint64_t trouble_ms; /* since when appends fail */
    char journal_trouble[JOURNAL_TEXT_SIZE];
    struct timer retry;
    uint64_t snapshot_epoch;
    bool is_saving;

    struct list pending; /* of struct pending_event */
    struct list jobs;
    struct loop_task turn;
    struct timer wake;
    struct core_observations observed;

    bool is_dirty; /* the table no longer says what it should */
    struct publication publications[RUNNER_PUBLICATIONS_MAX];
    size_t publication_count;
    uint64_t passed_epoch;

    struct list operations;
    size_t operation_count;
    struct list followers;
    struct list event_followers;
    bool is_telling;

    struct record *records; /* a ring */
    size_t record_first;
    size_t record_count;

    void (*on_ready)(void *argument);
    void *argument;
    struct timer ready_timer;
    bool is_ready;
};

/* fold.c */
enum err fold_journal(struct runner *runner, char *error, size_t error_size);

/* runner.c */
void runner_turn_soon(struct runner *runner);
void runner_turn(struct loop_task *task);
void runner_woken(struct timer *timer);
enum err runner_publish(struct runner *runner);
enum err runner_target(struct runner *runner, struct core_target *target);
enum err runner_look(struct runner *runner);
uint64_t runner_epoch_of(const struct runner *runner, const char *role);

/* append.c */
bool append_add(struct runner *runner, struct core_event *event, struct job *job, bool is_last);
bool append_next(struct runner *runner);
void append_retry(struct timer *timer);
void append_drop_job(struct runner *runner, const struct job *job);

/* job.c */
bool job_judge_one(struct runner *runner);
void job_refuse(struct runner *runner, struct job *job, enum core_refusal refusal,
                const char *text);
void job_done(struct runner *runner, struct job *job);
void job_free(struct job *job);
uint64_t job_deadline(const struct runner *runner);

/* progress.c */
struct operation *operation_begin(struct runner *runner, uint64_t id,
                                  const struct core_event *event);
struct operation *operation_find(const struct runner *runner, uint64_t id);
void operations_restore(struct runner *runner);
void operations_update(struct runner *runner);
void operations_trouble(struct runner *runner);
void operation_free(struct operation *operation);

/* follow.c */
struct runner_follower *follower_new(struct runner *runner, enum follow_kind kind,
                                     const struct runner_follower_calls *calls, void *arg);
void follower_end(struct runner_follower *follower, enum runner_result result, const char *name,
                  const char *text, uint64_t epoch);
void follower_refuse(struct runner_follower *follower, const char *code, int status,
                     const char *text);
void followers_tell(struct runner *runner);

/* await.c */
void awaits_look(struct runner *runner);
uint64_t awaits_deadline(const struct runner *runner);

/* record.c */
enum err record_add(struct runner *runner, const struct core_event *event, uint64_t epoch);
uint64_t record_wall_us(const struct runner *runner, uint64_t epoch);
uint64_t record_commit_us(const struct runner *runner, uint64_t cutover);
void records_free(struct runner *runner);
void records_tell(struct runner *runner);

/* keep.c */
void keep_snapshot(struct runner *runner);

#endif
