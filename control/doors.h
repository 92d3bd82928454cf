/*
 * doors: the listeners of the configuration: their sockets, one for each worker slot, and their
 * certificates, looked at again and again. Control thread.
 */
#ifndef TURNOUT_CONTROL_DOORS_H
#define TURNOUT_CONTROL_DOORS_H

#include "conf/conf.h"
#include "control/api/api.h"
#include "proxy/engine.h"

struct doors;
struct loop;

/* Opens every listener, loads and proves every certificate. `error` names what failed and why. */
enum err doors_open(const struct conf *conf, uint32_t worker_count, const uint8_t *secret,
                    size_t secret_size, struct doors **out, char *error, size_t error_size);

/* Fills in what the engine needs of the listeners; it takes the descriptors and the references to
 * certificates over when it starts. Until then they are the doors' own. */
void doors_give(struct doors *doors, struct engine_options *options);

/* The engine runs: from now on certificates are looked at every minute and handed to it. */
void doors_watch(struct doors *doors, struct loop *loop, struct engine *engine);

/* Looks at the certificates now: those that changed and prove good are used, for the others the old
 * ones stay. ERR_OK, or the first trouble, all of them as sentences in *report. Signature as the
 * API wants it; `doors` is a struct doors. */
enum err doors_reload(void *doors, struct buf *report);
void doors_list(void *doors, void (*tell)(void *to, const struct api_certificate *certificate),
                void *to);

/* Accepts NULL. Closes what was not given away. */
void doors_close(struct doors *doors);

#endif
