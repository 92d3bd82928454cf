/* turnoutd: arguments, wiring, and the way out. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "control/api/api.h"
#include "control/daemon.h"
#include "control/journal/lock.h"
#include "proxy/base/buf.h"

static const char default_conf[] = "/etc/turnout/turnout.cfg";

static const char help[] =
    "usage: turnoutd [-c FILE] [--check | --print-settings | --version | --help]\n"
    "\n"
    "Runs in the foreground and logs to standard error. Control it with `turnout`.\n"
    "\n"
    "  -c FILE           the configuration (default /etc/turnout/turnout.cfg)\n"
    "  --check           report every mistake of the configuration; exit 0 or 1\n"
    "  --print-settings  every setting with its type, default, range and meaning\n"
    "  --version         the version\n"
    "\n"
    "TERM and INT finish the requests in flight and exit, a second one exits at once;\n"
    "HUP looks at certificates and reopens logs; USR1 reopens logs.\n";

enum action { ACTION_RUN, ACTION_CHECK, ACTION_PRINT_SETTINGS, ACTION_VERSION, ACTION_HELP };

static bool
read_arguments(int argc, char **argv, const char **conf_path, enum action *action)
{
    static const struct {
        const char *name;
        enum action action;
    } actions[] = {
        {"--check", ACTION_CHECK},     {"--print-settings", ACTION_PRINT_SETTINGS},
        {"--version", ACTION_VERSION}, {"--help", ACTION_HELP},
        {"-h", ACTION_HELP},
    };
    for (int i = 1; i < argc; i++) {
        size_t known = 0;
        if (strcmp(argv[i], "-c") == 0 && i + 1 < argc) {
            *conf_path = argv[++i];
            continue;
        }
        while (known < sizeof(actions) / sizeof(actions[0]) &&
               strcmp(argv[i], actions[known].name) != 0) {
            known++;
        }
        if (known == sizeof(actions) / sizeof(actions[0])) {
            fprintf(stderr, "turnoutd: %s: not an option, or its value is missing\n%s", argv[i],
                    help);
            return false;
        }
        *action = actions[known].action;
    }
    return true;
}

/* As many descriptors as the machine allows: two for each request in flight. */
static void
raise_limits(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int
load_conf(const char *path, struct conf **conf)
{
    struct buf errors;
    buf_init(&errors);
    enum err err = conf_load(path, conf, &errors);
    if (err != ERR_OK) {
        const char *text = buf_string(&errors);
        fprintf(stderr, "%s%s", text == NULL ? err_text(err) : text,
                buf_size(&errors) > 0 && buf_span(&errors).data[buf_size(&errors) - 1] == '\n'
                    ? ""
                    : "\n");
    }
    buf_fini(&errors);
    return err == ERR_OK ? 0 : 1;
}

static int
run(const char *path, const struct conf *conf)
{
    char error[1024] = "";
    struct lock *lock;
    raise_limits();
    if (lock_take(conf->state_dir, &lock, error, sizeof(error)) != ERR_OK) {
        fprintf(stderr, "turnoutd: %s\n", error);
        return 1;
    }
    enum err err = daemon_run(path, conf, error, sizeof(error));
    if (err != ERR_OK) {
        fprintf(stderr, "turnoutd: %s\n", error[0] == '\0' ? err_text(err) : error);
    }
    lock_release(lock);
    return err == ERR_OK ? 0 : 1;
}

int
main(int argc, char **argv)
{
    const char *path = default_conf;
    enum action action = ACTION_RUN;
    struct conf *conf = NULL;
    if (!read_arguments(argc, argv, &path, &action)) {
        return 2;
    }
    switch (action) {
    case ACTION_HELP:
        fputs(help, stdout);
        return 0;
    case ACTION_VERSION:
        puts("turnoutd " TURNOUT_VERSION);
        return 0;
    case ACTION_PRINT_SETTINGS:
        conf_print_settings(stdout);
        return 0;
    case ACTION_CHECK:
    case ACTION_RUN:
    default:
        break;
    }
    int status = load_conf(path, &conf);
    if (status == 0 && action == ACTION_CHECK) {
        printf("%s: no mistakes\n", path);
    } else if (status == 0) {
        status = run(path, conf);
    }
    conf_free(conf);
    return status;
}
