#include "control/daemon.h"

#include <libgen.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/api/api.h"
#include "control/doors.h"
#include "control/drive/drive.h"
#include "control/notify.h"
#include "control/secret.h"
#include "control/signals.h"
#include "proxy/base/log.h"
#include "proxy/net/loop.h"
#include "proxy/net/timer.h"

enum {
    DAEMON_ACCEPT_MS = 1000, /* what was queued is still served when a stop begins */
    DAEMON_LOOK_MS = 20,     /* how often a stop looks whether all is done */
    DAEMON_NODE_SIZE = 64
};

enum stop { STOP_NOT, STOP_DELAYED, STOP_DRAINING };

struct daemon {
    const struct conf *conf;
    char node[DAEMON_NODE_SIZE];
    uint8_t secret[SECRET_SIZE];
    struct loop *loop;
    struct signals *signals;
    struct doors *doors;
    struct runner *runner;
    struct api *api;
    enum stop stop;
    uint64_t stop_until_ms;
    struct timer stop_timer;
};

static uint32_t
count_workers(const struct conf *conf)
{
    cpu_set_t cpus;
    if (conf->workers != 0) {
        return conf->workers;
    }
    return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? (uint32_t)CPU_COUNT(&cpus) : 1;
}

static void
stop_begin(struct daemon *daemon)
{
    LOG(STOPPING, "delay_ms=%u timeout_ms=%u", daemon->conf->shutdown_delay_ms,
        daemon->conf->shutdown_timeout_ms);
    notify_send("STOPPING=1");
    daemon->stop = STOP_DELAYED;
    drive_set_stopping(daemon->runner);
    timer_set(daemon->loop, &daemon->stop_timer, daemon->conf->shutdown_delay_ms);
}

static void
stop_go_on(struct timer *timer)
{
    struct daemon *daemon = LIST_ITEM(timer, struct daemon, stop_timer);
    struct engine *engine = drive_engine(daemon->runner);
    uint64_t now_ms = loop_now_ms(daemon->loop);
    if (daemon->stop == STOP_DELAYED) {
        daemon->stop = STOP_DRAINING;
        daemon->stop_until_ms = now_ms + DAEMON_ACCEPT_MS + daemon->conf->shutdown_timeout_ms;
        engine_leave(engine, DAEMON_ACCEPT_MS);
        timer_set(daemon->loop, timer, DAEMON_ACCEPT_MS + DAEMON_LOOK_MS);
        return;
    }
    if (engine_is_drained(engine) || now_ms >= daemon->stop_until_ms) {
        loop_stop(daemon->loop);
        return;
    }
    timer_set(daemon->loop, timer, DAEMON_LOOK_MS);
}

static void
on_signal(void *argument, int number)
{
    struct daemon *daemon = argument;
    struct buf report;
    switch (number) {
    case SIGTERM:
    case SIGINT:
        if (daemon->stop == STOP_NOT) {
            stop_begin(daemon);
        } else {
            loop_stop(daemon->loop);
        }
        return;
    case SIGHUP:
        LOG(CONFIG_UNCHANGED, "advice=\"the configuration is not re-read; `turnout upgrade` is the "
                              "way to a new one\"");
        buf_init(&report);
        doors_reload(daemon->doors, &report);
        buf_fini(&report);
        engine_reopen_logs(drive_engine(daemon->runner));
        return;
    case SIGUSR1:
    default:
        engine_reopen_logs(drive_engine(daemon->runner));
        return;
    }
}

static void
on_ready(void *argument)
{
    struct daemon *daemon = argument;
    LOG(READY, "node=%s", daemon->node);
    notify_send("READY=1");
}

/* The folder of the control socket is made if it is absent, like the state directory. */
static void
make_socket_folder(const char *socket)
{
    char *path = strdup(socket);
    if (path != NULL) {
        mkdir(dirname(path), 0755);
        free(path);
    }
}

static enum err
start_api(struct daemon *daemon, char *error, size_t error_size)
{
    const struct conf *conf = daemon->conf;
    struct buf why;
    struct api_options options = {
        .base = loop_event_base(daemon->loop),
        .runner = daemon->runner,
        .engine = drive_engine(daemon->runner),
        .socket_path = conf->control.socket,
        .socket_mode = conf->control.mode,
        .socket_group = conf->control.group,
        .admin_address = conf->admin_address.text,
        .certificates = {.list = doors_list, .reload = doors_reload, .arg = daemon->doors},
    };
    buf_init(&why);
    make_socket_folder(conf->control.socket);
    enum err err = api_new(&options, &daemon->api, &why);
    if (err != ERR_OK) {
        snprintf(error, error_size, "%s", buf_string(&why));
    }
    buf_fini(&why);
    return err;
}

static enum err
start_traffic(struct daemon *daemon, char *error, size_t error_size)
{
    const struct conf *conf = daemon->conf;
    struct drive_options options = {
        .conf = conf,
        .loop = daemon->loop,
        .node = daemon->node,
        .engine = {.node = daemon->node,
                   .clients = &conf->clients,
                   .trusted = conf->trusted,
                   .trusted_count = conf->trusted_count,
                   .access_log_path = conf->access_log.path,
                   .access_log_query = conf->access_log.query},
        .on_ready = on_ready,
        .argument = daemon,
    };
    doors_give(daemon->doors, &options.engine);
    enum err err = drive_new(&options, &daemon->runner, error, error_size);
    if (err == ERR_OK) {
        doors_watch(daemon->doors, daemon->loop, drive_engine(daemon->runner));
    }
    return err;
}

static enum err
daemon_start(struct daemon *daemon, char *error, size_t error_size)
{
    const struct conf *conf = daemon->conf;
    enum err err = loop_new(&daemon->loop);
    if (err == ERR_OK) {
        err = signals_start(daemon->loop, on_signal, daemon, &daemon->signals);
    }
    if (err == ERR_OK) {
        err = secret_load(conf->secret_file, daemon->secret, error, error_size);
    }
    if (err == ERR_OK) {
        err = doors_open(conf, count_workers(conf), daemon->secret, sizeof(daemon->secret),
                         &daemon->doors, error, error_size);
    }
    if (err == ERR_OK) {
        err = start_traffic(daemon, error, error_size);
    }
    if (err == ERR_OK) {
        err = start_api(daemon, error, error_size);
    }
    return err;
}

static void
daemon_end(struct daemon *daemon)
{
    timer_clear(&daemon->stop_timer);
    api_free(daemon->api);
    drive_free(daemon->runner);
    doors_close(daemon->doors);
    signals_stop(daemon->signals);
    loop_free(daemon->loop);
    explicit_bzero(daemon->secret, sizeof(daemon->secret));
}

enum err
daemon_run(const char *conf_path, const struct conf *conf, char *error, size_t error_size)
{
    static struct daemon daemon;
    char quoted[LOG_QUOTE_SIZE];
    daemon.conf = conf;
    timer_init(&daemon.stop_timer, stop_go_on);
    if (gethostname(daemon.node, sizeof(daemon.node) - 1) != 0) {
        snprintf(daemon.node, sizeof(daemon.node), "localhost");
    }
    LOG(STARTED, "version=%s pid=%d conf=%s", TURNOUT_VERSION, (int)getpid(),
        log_quote(conf_path, quoted));
    enum err err = daemon_start(&daemon, error, error_size);
    if (err == ERR_OK) {
        loop_run(daemon.loop);
        LOG(STOPPED, "node=%s", daemon.node);
    }
    daemon_end(&daemon);
    return err;
}
