#include "control/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "proxy/net/inbox.h"

struct signals {
    struct inbox inbox;
    pthread_t thread;
    _Atomic bool is_stopping;
    void (*on_signal)(void *argument, int number);
    void *argument;
};

struct signal_message {
    struct message message;
    int number;
};

static void
signal_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGUSR1);
    sigaddset(set, SIGUSR2); /* our own: ends the thread */
}

static void *
signals_run(void *argument)
{
    struct signals *signals = argument;
    sigset_t set;
    signal_set(&set);
    while (!atomic_load(&signals->is_stopping)) {
        int number = 0;
        if (sigwait(&set, &number) != 0 || number == SIGUSR2) {
            continue;
        }
        struct signal_message *told = malloc(sizeof(*told));
        if (told != NULL) {
            told->number = number;
            inbox_post(&signals->inbox, &told->message);
        }
    }
    return NULL;
}

static void
signals_on_message(struct inbox *inbox, struct message *message)
{
    struct signals *signals = LIST_ITEM(inbox, struct signals, inbox);
    struct signal_message *told = MESSAGE_ITEM(message, struct signal_message, message);
    int number = told->number;
    free(told);
    if (!atomic_load(&signals->is_stopping)) {
        signals->on_signal(signals->argument, number);
    }
}

enum err
signals_start(struct loop *loop, void (*on_signal)(void *argument, int number), void *argument,
              struct signals **out)
{
    struct signals *signals = calloc(1, sizeof(*signals));
    if (signals == NULL) {
        return ERR_NO_MEMORY;
    }
    sigset_t set;
    signal_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signals->on_signal = on_signal;
    signals->argument = argument;
    inbox_init(&signals->inbox, loop, signals_on_message);
    if (pthread_create(&signals->thread, NULL, signals_run, signals) != 0) {
        inbox_fini(&signals->inbox);
        free(signals);
        return ERR_LIMIT;
    }
    *out = signals;
    return ERR_OK;
}

void
signals_stop(struct signals *signals)
{
    if (signals == NULL) {
        return;
    }
    atomic_store(&signals->is_stopping, true);
    pthread_kill(signals->thread, SIGUSR2);
    pthread_join(signals->thread, NULL);
    inbox_fini(&signals->inbox);
    free(signals);
}
