#include "control/doors.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/base/clock.h"
#include "proxy/base/log.h"
#include "proxy/net/listener.h"
#include "proxy/net/timer.h"
#include "proxy/net/tls.h"

enum { DOORS_LOOK_MS = 60000, DOORS_DEFERRED_S = 1, DOORS_TEXT_SIZE = 512 };

struct door {
    const struct conf_listener *listener;
    int *fds;
    struct tls_store *store; /* in use; NULL: cleartext */
    struct address bound;
    uint64_t seen; /* of the files, as doors_fingerprint says */
    char trouble[DOORS_TEXT_SIZE];
};

struct doors {
    const struct conf *conf;
    uint32_t worker_count;
    const uint8_t *secret;
    size_t secret_size;
    struct door *doors;
    struct engine_listener *given;
    bool is_given;
    struct loop *loop;
    struct engine *engine;
    struct timer look;
};

static enum err
door_load(struct doors *doors, struct door *door, struct tls_store **out, char *error,
          size_t error_size)
{
    const struct conf_tls *tls = &door->listener->tls;
    struct tls_files *pairs = calloc(tls->certificate_count, sizeof(*pairs));
    if (pairs == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < tls->certificate_count; i++) {
        pairs[i] = (struct tls_files){.certificate = tls->certificates[i].cert,
                                      .key = tls->certificates[i].key};
    }
    struct tls_options options = {
        .pairs = pairs,
        .pair_count = tls->certificate_count,
        .min_version = tls->min_version == CONF_TLS_1_3 ? TLS_VERSION_1_3 : TLS_VERSION_1_2,
        .ciphers = tls->ciphers[0] == '\0' ? NULL : tls->ciphers,
        .secret = {(const char *)doors->secret, doors->secret_size},
        .wall_s = clock_wall_us() / 1000000,
    };
    enum err err = tls_store_new(&options, out, error, error_size);
    free(pairs);
    return err;
}

/* Changes whenever a certificate's or key's file does. */
static uint64_t
door_fingerprint(const struct door *door)
{
    const struct conf_tls *tls = &door->listener->tls;
    uint64_t sum = 0;
    for (size_t i = 0; i < 2 * tls->certificate_count; i++) {
        const struct conf_certificate *pair = &tls->certificates[i / 2];
        struct stat facts = {.st_size = -1};
        stat(i % 2 == 0 ? pair->cert : pair->key, &facts);
        uint64_t parts[] = {(uint64_t)facts.st_mtim.tv_sec, (uint64_t)facts.st_mtim.tv_nsec,
                            (uint64_t)facts.st_size, (uint64_t)facts.st_ino, sum};
        sum = span_hash((struct span){(const char *)parts, sizeof(parts)});
    }
    return sum;
}

static enum err
door_open(struct doors *doors, struct door *door, char *error, size_t error_size)
{
    char why[DOORS_TEXT_SIZE];
    const struct conf_listener *listener = door->listener;
    struct listener_options options = {.deferred_s = DOORS_DEFERRED_S};
    int *fds = calloc(doors->worker_count, sizeof(int));
    if (fds == NULL) {
        return ERR_NO_MEMORY;
    }
    enum err err = listener_open(&listener->address, doors->worker_count, &options, fds,
                                 &door->bound, why, sizeof(why));
    if (err != ERR_OK) {
        snprintf(error, error_size, "cannot listen on %s: %s", listener->address.text, why);
        free(fds);
        return err;
    }
    door->fds = fds;
    if (listener->tls.is_given) {
        door->seen = door_fingerprint(door);
        err = door_load(doors, door, &door->store, why, sizeof(why));
        if (err != ERR_OK) {
            snprintf(error, error_size, "listener %s: %s", listener->address.text, why);
            return err;
        }
    }
    LOG(LISTENING, "address=%s tls=%d preview=%d", door->bound.text, listener->tls.is_given,
        listener->preview);
    return ERR_OK;
}

static void doors_look(struct timer *timer);

enum err
doors_open(const struct conf *conf, uint32_t worker_count, const uint8_t *secret,
           size_t secret_size, struct doors **out, char *error, size_t error_size)
{
    struct doors *doors = calloc(1, sizeof(*doors));
    enum err err = doors == NULL ? ERR_NO_MEMORY : ERR_OK;
    if (err == ERR_OK) {
        doors->conf = conf;
        doors->worker_count = worker_count;
        doors->secret = secret;
        doors->secret_size = secret_size;
        timer_init(&doors->look, doors_look);
        doors->doors = calloc(conf->listener_count, sizeof(*doors->doors));
        doors->given = calloc(conf->listener_count, sizeof(*doors->given));
        err = doors->doors == NULL || doors->given == NULL ? ERR_NO_MEMORY : ERR_OK;
    }
    for (size_t i = 0; err == ERR_OK && i < conf->listener_count; i++) {
        doors->doors[i].listener = &conf->listeners[i];
        err = door_open(doors, &doors->doors[i], error, error_size);
    }
    if (err != ERR_OK) {
        doors_close(doors);
        return err;
    }
    *out = doors;
    return ERR_OK;
}

void
doors_give(struct doors *doors, struct engine_options *options)
{
    for (size_t i = 0; i < doors->conf->listener_count; i++) {
        struct door *door = &doors->doors[i];
        bool has_tls = door->store != NULL;
        doors->given[i] = (struct engine_listener){
            .address = door->listener->address.text,
            .fds = door->fds,
            .tls = has_tls ? tls_store_ref(door->store) : NULL,
            .is_preview = door->listener->preview,
        };
        if (has_tls && options->https_port == 0) {
            options->https_port = address_port(&door->bound);
        }
    }
    options->listeners = doors->given;
    options->listener_count = (uint32_t)doors->conf->listener_count;
    options->worker_count = doors->worker_count;
}

void
doors_watch(struct doors *doors, struct loop *loop, struct engine *engine)
{
    doors->is_given = true;
    doors->loop = loop;
    doors->engine = engine;
    timer_set(loop, &doors->look, DOORS_LOOK_MS);
}

static void
door_refuse(struct door *door, const char *why, struct buf *report)
{
    char quoted[LOG_QUOTE_SIZE];
    snprintf(door->trouble, sizeof(door->trouble), "%s", why);
    buf_printf(report, "listener %s: %s; the certificate in use stays\n",
               door->listener->address.text, why);
    LOG(CERTIFICATE_REFUSED, "listener=%s why=%s advice=\"the old one stays in use\"",
        door->listener->address.text, log_quote(why, quoted));
}

static enum err
door_look(struct doors *doors, size_t index, bool is_asked, struct buf *report)
{
    struct door *door = &doors->doors[index];
    char why[DOORS_TEXT_SIZE];
    struct tls_store *store;
    uint64_t seen = door->store == NULL ? 0 : door_fingerprint(door);
    if (door->store == NULL || (seen == door->seen && !is_asked)) {
        return ERR_OK;
    }
    door->seen = seen;
    enum err err = door_load(doors, door, &store, why, sizeof(why));
    if (err != ERR_OK) {
        door_refuse(door, why, report);
        return err;
    }
    door->trouble[0] = '\0';
    tls_store_unref(door->store);
    door->store = store;
    engine_set_tls(doors->engine, (uint32_t)index, tls_store_ref(store));
    LOG(CERTIFICATE_LOADED, "listener=%s", door->listener->address.text);
    return ERR_OK;
}

static enum err
doors_look_all(struct doors *doors, bool is_asked, struct buf *report)
{
    enum err first = ERR_OK;
    for (size_t i = 0; i < doors->conf->listener_count; i++) {
        enum err err = door_look(doors, i, is_asked, report);
        first = first == ERR_OK ? err : first;
    }
    return first;
}

static void
doors_look(struct timer *timer)
{
    struct doors *doors = LIST_ITEM(timer, struct doors, look);
    struct buf report;
    buf_init(&report);
    doors_look_all(doors, false, &report);
    buf_fini(&report);
    timer_set(doors->loop, &doors->look, DOORS_LOOK_MS);
}

enum err
doors_reload(void *argument, struct buf *report)
{
    return doors_look_all(argument, true, report);
}

static void
door_tell(const struct door *door, const struct tls_certificate *certificate,
          void (*tell)(void *to, const struct api_certificate *certificate), void *to)
{
    struct buf names;
    buf_init(&names);
    for (size_t i = 0; i < certificate->name_count; i++) {
        buf_printf(&names, "%s%s", i == 0 ? "" : ",", certificate->names[i]);
    }
    const char *text = buf_string(&names);
    struct api_certificate told = {
        .listener = door->listener->address.text,
        .names = text == NULL ? "" : text,
        .file = certificate->file,
        .not_after_us = certificate->not_after_s * 1000000,
        .trouble = door->trouble,
    };
    tell(to, &told);
    buf_fini(&names);
}

void
doors_list(void *argument, void (*tell)(void *to, const struct api_certificate *certificate),
           void *to)
{
    const struct doors *doors = argument;
    for (size_t i = 0; i < doors->conf->listener_count; i++) {
        const struct door *door = &doors->doors[i];
        const struct tls_certificate *certificates;
        size_t count = door->store == NULL ? 0 : tls_store_list(door->store, &certificates);
        for (size_t j = 0; j < count; j++) {
            door_tell(door, &certificates[j], tell, to);
        }
    }
}

void
doors_close(struct doors *doors)
{
    if (doors == NULL) {
        return;
    }
    timer_clear(&doors->look);
    for (size_t i = 0; doors->doors != NULL && i < doors->conf->listener_count; i++) {
        struct door *door = &doors->doors[i];
        for (uint32_t j = 0; door->fds != NULL && !doors->is_given && j < doors->worker_count;
             j++) {
            close(door->fds[j]);
        }
        if (!doors->is_given && doors->given != NULL) {
            tls_store_unref(doors->given[i].tls);
        }
        tls_store_unref(door->store);
        free(door->fds);
    }
    free(doors->doors);
    free(doors->given);
    free(doors);
}
