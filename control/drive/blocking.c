#include "control/drive/blocking.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/base/check.h"
#include "proxy/net/inbox.h"

enum { BLOCKING_JOBS_MAX = 4096 };

struct job {
    struct list node;       /* on the way to the thread */
    struct message message; /* on the way back */
    blocking_fn work;
    blocking_fn done;
    void *context;
};

/* The lock guards what stands below it; everything else is the loop's. */
struct blocking {
    pthread_t thread;
    struct inbox inbox;
    size_t outstanding; /* jobs posted whose `done` was not yet called */
    pthread_mutex_t lock;
    pthread_cond_t is_wanted;
    struct list jobs;
    bool is_stopping;
};

/* The next job, or NULL when all are done and no more will come. */
static struct job *
blocking_wait(struct blocking *blocking)
{
    pthread_mutex_lock(&blocking->lock);
    while (list_is_empty(&blocking->jobs) && !blocking->is_stopping) {
        pthread_cond_wait(&blocking->is_wanted, &blocking->lock);
    }
    struct list *node = list_take_first(&blocking->jobs);
    pthread_mutex_unlock(&blocking->lock);
    return node == NULL ? NULL : LIST_ITEM(node, struct job, node);
}

static void *
blocking_main(void *argument)
{
    struct blocking *blocking = argument;
    for (struct job *job; (job = blocking_wait(blocking)) != NULL;) {
        job->work(job->context);
        inbox_post(&blocking->inbox, &job->message);
    }
    return NULL;
}

static void
blocking_on_message(struct inbox *inbox, struct message *message)
{
    struct blocking *blocking = LIST_ITEM(inbox, struct blocking, inbox);
    struct job *job = MESSAGE_ITEM(message, struct job, message);
    blocking->outstanding--;
    blocking_fn done = job->done;
    void *context = job->context;
    free(job);
    done(context);
}

/* The thread takes no signals: they are the main thread's. */
static int
start_thread(struct blocking *blocking)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&blocking->thread, NULL, blocking_main, blocking);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number;
}

enum err
blocking_start(struct loop *loop, struct blocking **out)
{
    struct blocking *blocking = calloc(1, sizeof(*blocking));
    if (blocking == NULL) {
        return ERR_NO_MEMORY;
    }
    list_init(&blocking->jobs);
    CHECK(pthread_mutex_init(&blocking->lock, NULL) == 0);
    CHECK(pthread_cond_init(&blocking->is_wanted, NULL) == 0);
    inbox_init(&blocking->inbox, loop, blocking_on_message);
    if (start_thread(blocking) != 0) {
        inbox_fini(&blocking->inbox);
        free(blocking);
        return ERR_LIMIT;
    }
    *out = blocking;
    return ERR_OK;
}

enum err
blocking_post(struct blocking *blocking, blocking_fn work, blocking_fn done, void *context)
{
    /* Only this thread writes is_stopping, so it may read it without the lock. */
    if (blocking->is_stopping || blocking->outstanding == BLOCKING_JOBS_MAX) {
        return blocking->is_stopping ? ERR_NOT_READY : ERR_LIMIT;
    }
    struct job *job = malloc(sizeof(*job));
    if (job == NULL) {
        return ERR_NO_MEMORY;
    }
    *job = (struct job){.work = work, .done = done, .context = context};
    blocking->outstanding++;
    pthread_mutex_lock(&blocking->lock);
    list_add_last(&blocking->jobs, &job->node);
    pthread_mutex_unlock(&blocking->lock);
    /* Whoever is woken while the lock is held wakes only to wait for it: an order to move traffic
       is behind this. */
    pthread_cond_signal(&blocking->is_wanted);
    return ERR_OK;
}

void
blocking_stop(struct blocking *blocking)
{
    if (blocking == NULL) {
        return;
    }
    pthread_mutex_lock(&blocking->lock);
    blocking->is_stopping = true;
    pthread_cond_signal(&blocking->is_wanted);
    pthread_mutex_unlock(&blocking->lock);
    pthread_join(blocking->thread, NULL);
    inbox_fini(&blocking->inbox);
    CHECK(blocking->outstanding == 0);
    pthread_cond_destroy(&blocking->is_wanted);
    pthread_mutex_destroy(&blocking->lock);
    free(blocking);
}

struct append {
    struct journal *journal;
    struct journal_place expected;
    enum journal_room room;
    blocking_append_fn done;
    void *context;
    struct blocking_append_result result;
    char trouble[JOURNAL_TEXT_SIZE];
    size_t size;
    char bytes[];
};

static void
append_work(void *context)
{
    struct append *append = context;
    append->result.err =
        journal_append(append->journal, &append->expected, append->room,
                       (struct span){append->bytes, append->size}, &append->result.place);
    append->result.is_failed = journal_is_failed(append->journal);
    if (append->result.err != ERR_OK) {
        memcpy(append->trouble, journal_trouble(append->journal), sizeof(append->trouble));
    }
}

static void
append_done(void *context)
{
    struct append *append = context;
    append->result.trouble = append->trouble;
    append->done(append->context, &append->result);
    free(append);
}

enum err
blocking_append(struct blocking *blocking, struct journal *journal,
                const struct journal_place *expected, enum journal_room room, struct span bytes,
                blocking_append_fn done, void *context)
{
    struct append *append = calloc(1, sizeof(*append) + bytes.size);
    if (append == NULL) {
        return ERR_NO_MEMORY;
    }
    append->journal = journal;
    append->expected = *expected;
    append->room = room;
    append->done = done;
    append->context = context;
    append->size = bytes.size;
    memcpy(append->bytes, bytes.data, bytes.size);
    enum err err = blocking_post(blocking, append_work, append_done, append);
    if (err != ERR_OK) {
        free(append);
    }
    return err;
}
