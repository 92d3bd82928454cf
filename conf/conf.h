/*
 * conf: what the operator wrote, read once at start and never changed: one immutable struct conf
 * for the life of the process. Everything in it is checked: ranges, patterns, clashes between
 * settings; paths are absolute or relative to the working folder as the process found it, strings
 * are never NULL (an absent text is ""). conf_load is called by the main thread before any other
 * one starts; reading the result is for any thread. Meaning, default and range of each setting:
 * conf/settings.def.
 */
#ifndef TURNOUT_CONF_CONF_H
#define TURNOUT_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "proxy/base/address.h"
#include "proxy/base/buf.h"
#include "proxy/base/err.h"
#include "proxy/table/settings.h"

struct conf_strings {
    const char *const *items;
    size_t count;
};

/* The control socket. */
struct conf_control {
    const char *socket; /* path */
    uint32_t mode;      /* permission bits */
    const char *group;  /* name; "" leaves the process's own */
};

/* What is said about exchanges. */
struct conf_access_log {
    const char *path; /* "" off, "-" standard output, "syslog:", else a file */
    bool query;       /* log the query of a request's target too */
};

enum conf_journal_kind { CONF_JOURNAL_FILE };

enum conf_tls_version { CONF_TLS_1_2, CONF_TLS_1_3 };

/* One certificate chain and its key, both PEM files that existed when the configuration was read.
 */
struct conf_certificate {
    const char *cert;
    const char *key;
};

struct conf_tls {
    bool is_given; /* the listener speaks TLS; then there is at least one certificate */
    const struct conf_certificate *certificates;
    size_t certificate_count;
    enum conf_tls_version min_version;
    const char *ciphers; /* OpenSSL's names for TLS 1.2; "" for its defaults */
};

struct conf_listener {
    struct address address; /* port 0: any that is free */
    struct conf_tls tls;
    bool preview; /* Host "<build>.<role>" reaches that set, live or not */
};

enum { CONF_STATUS_RANGES_MAX = 8 };

/* HTTP statuses, inclusive ranges. */
struct conf_statuses {
    struct conf_status_range {
        uint16_t first;
        uint16_t last;
    } ranges[CONF_STATUS_RANGES_MAX];
    size_t count;
};

/* How an instance is asked whether it is well. */
struct conf_health {
    bool is_given;
    const char *path; /* of the request, begins with "/" */
    const char *host; /* of the request; never empty: the role's first exact host when not set */
    uint32_t port;    /* 0: the instance's own */
    struct conf_statuses expect;
    uint32_t interval_ms;     /* from the end of one check to the begin of the next */
    uint32_t timeout_ms;      /* of a whole check */
    uint32_t rise;            /* passes in a row that make it up */
    uint32_t fall;            /* failures in a row that make it down */
    const char *build_header; /* the answer's field that must name the declared build; "" for no
                                 such check */
};

/* How traffic is moved. The order, and the limits of a hold, are in the role's settings: requests
 * obey them. */
struct conf_cutover {
    uint32_t ready_timeout_ms;   /* the candidate must be ready by then */
    uint32_t drain_timeout_ms;   /* the old set must have finished by then; then it is cut */
    uint32_t rollback_window_ms; /* the previous set is kept warm so long */
    uint32_t
        hold_timeout_ms; /* the driver gives a hold up after this; below settings.hold_max_ms */
};

enum conf_role_kind { CONF_ROLE_HTTP };

struct conf_role {
    struct role_settings settings; /* the name is in here */
    enum conf_role_kind kind;
    struct conf_strings hosts; /* lower case: "www.example.com", "*.example.com" or "*" */
    const char *path; /* prefix on segment borders: "/" or "/a/b" without a slash at the end */
    struct conf_health health;
    struct conf_cutover cutover;
    uint32_t tunnel_idle_ms;
};

struct conf {
    uint32_t workers; /* 0: one per CPU */
    const char *state_dir;
    const char *secret_file;
    struct conf_control control;
    struct address admin_address; /* its text is "" where there is none */
    enum conf_journal_kind journal;
    struct conf_access_log access_log;
    uint32_t shutdown_delay_ms;
    uint32_t shutdown_timeout_ms;
    struct client_settings clients;
    const struct trusted_network *trusted;
    size_t trusted_count;
    const struct conf_listener *listeners; /* at least one */
    size_t listener_count;
    const struct conf_role *roles; /* at least one; no two of one name, nor of one host and path */
    size_t role_count;
    struct conf_memory *memory; /* what everything above points into */
};

/* Reads and checks a file. On failure *out is untouched and `errors` has one line ("file:line:
 * what, what to do") for each mistake: ERR_NOT_FOUND, ERR_PERMISSION or ERR_IO when it cannot be
 * read, ERR_TOO_LARGE above 1 MiB, ERR_SYNTAX when it does not parse, ERR_INVALID when it cannot be
 * meant so, ERR_NO_MEMORY. The caller owns *out: conf_free. */
enum err conf_load(const char *path, struct conf **out, struct buf *errors);

/* The same for a text in memory; `name` is what messages call it, relative paths start from
 * `folder`. */
enum err conf_load_text(struct span text, const char *name, const char *folder, struct conf **out,
                        struct buf *errors);

/* Accepts NULL. */
void conf_free(struct conf *conf);

bool conf_statuses_have(const struct conf_statuses *statuses, unsigned status);

/* Every setting with type, default, range and meaning, as `turnoutd --print-settings` shows it. */
void conf_print_settings(FILE *out);

#endif
