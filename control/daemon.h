/*
 * daemon: everything that runs, put together: listeners, the runner with its engine, the API,
 * signals; and the orderly end. Main thread, which becomes the control thread.
 */
#ifndef TURNOUT_CONTROL_DAEMON_H
#define TURNOUT_CONTROL_DAEMON_H

#include <stddef.h>
#include "conf/conf.h"
#include "proxy/base/err.h"

/* Runs until it is told to stop. The caller holds the state lock. ERR_OK after a stop that was
 * asked for; else nothing runs any more and `error` has a sentence for a person. */
enum err daemon_run(const char *conf_path, const struct conf *conf, char *error, size_t error_size);

#endif
