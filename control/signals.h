/*
 * signals: every signal that the daemon obeys, taken by a thread of its own and told on the control
 * loop, so that none interrupts a system call of another thread. Started before any other thread.
 */
#ifndef TURNOUT_CONTROL_SIGNALS_H
#define TURNOUT_CONTROL_SIGNALS_H

#include "proxy/base/err.h"

struct loop;
struct signals;

/* Blocks the signals (TERM, INT, HUP, USR1), ignores PIPE, and starts the thread. `on_signal` runs
 * on the loop. */
enum err signals_start(struct loop *loop, void (*on_signal)(void *argument, int number),
                       void *argument, struct signals **out);

/* Accepts NULL. */
void signals_stop(struct signals *signals);

#endif
