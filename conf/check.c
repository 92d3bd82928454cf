#include "conf/reader.h"

#include <string.h>

/* The checks look settings up again by their path, for the line to name. */
struct checks {
    struct reader *reader;
    const config_t *config;
    const struct conf *conf;
};

static config_setting_t *
look_up(const struct checks *checks, const char *path)
{
    return config_lookup(checks->config, path);
}

/* A setting of one role, or the role itself for "". */
static config_setting_t *
look_up_role(const struct checks *checks, size_t role, const char *path)
{
    config_setting_t *list = look_up(checks, "roles");
    config_setting_t *where = list == NULL ? NULL : config_setting_get_elem(list, (unsigned)role);
    return where == NULL || path[0] == '\0' ? where : config_setting_lookup(where, path);
}

/* The setting where it is given, else what would hold it. */
static config_setting_t *
look_up_role_or(const struct checks *checks, size_t role, const char *path)
{
    config_setting_t *where = look_up_role(checks, role, path);
    return where != NULL ? where : look_up_role(checks, role, "");
}

static void
check_limits(const struct checks *checks)
{
    config_setting_t *line = look_up(checks, "limits.request_line");
    config_setting_t *head = look_up(checks, "limits.header_bytes");
    const struct client_settings *clients = &checks->conf->clients;
    if (clients->request_line <= clients->header_bytes || reader_is_bad(line) ||
        reader_is_bad(head)) {
        return;
    }
    reader_error(checks->reader, line != NULL ? line : head,
                 "request_line (%u bytes) is part of a head, and header_bytes (%u bytes) is less: "
                 "lower the one or raise the other",
                 clients->request_line, clients->header_bytes);
}

static config_setting_t *
look_up_listener(const struct checks *checks, size_t index)
{
    config_setting_t *list = look_up(checks, "listeners");
    config_setting_t *listener = config_setting_get_elem(list, (unsigned)index);
    return listener == NULL ? NULL : config_setting_get_member(listener, "address");
}

/* Port 0 is another port each time. */
static bool
is_same_address(const struct address *a, const struct address *b)
{
    return a->size > 0 && address_equal(a, b) && (address_is_unix(a) || address_port(a) != 0);
}

static void
check_listeners(const struct checks *checks)
{
    const struct conf *conf = checks->conf;
    for (size_t i = 0; i < conf->listener_count; i++) {
        const struct address *address = &conf->listeners[i].address;
        if (is_same_address(address, &conf->admin_address)) {
            reader_error(checks->reader, look_up_listener(checks, i),
                         "admin.address is the same (line %u)",
                         config_setting_source_line(look_up(checks, "admin.address")));
        }
        for (size_t before = 0; before < i; before++) {
            if (is_same_address(address, &conf->listeners[before].address)) {
                reader_error(checks->reader, look_up_listener(checks, i),
                             "listeners[%zu] has the same (line %u)", before,
                             config_setting_source_line(look_up_listener(checks, before)));
                break;
            }
        }
    }
}

/* Whether hosts and path of a role are what its file says, and not defaults in the place of
 * mistakes. */
static bool
is_claim_known(const struct checks *checks, size_t index)
{
    config_setting_t *hosts = look_up_role(checks, index, "hosts");
    config_setting_t *path = look_up_role(checks, index, "path");
    if (reader_is_bad(look_up_role(checks, index, "kind"))) {
        return false;
    }
    bool has_hosts =
        hosts == NULL || config_setting_is_list(hosts) || config_setting_is_array(hosts);
    return has_hosts && !reader_is_bad(path);
}

static bool
is_claimed_by(const struct conf_role *role, size_t hosts, const char *host, const char *path)
{
    if (strcmp(role->path == NULL ? "" : role->path, path) != 0) {
        return false;
    }
    for (size_t i = 0; i < hosts; i++) {
        if (role->hosts.items[i] != NULL && strcmp(role->hosts.items[i], host) == 0) {
            return true;
        }
    }
    return false;
}

/* One host of a role against those before it: in the same role, and in the roles before. */
static void
check_claim(const struct checks *checks, size_t index, size_t host_index)
{
    const struct conf_role *role = &checks->conf->roles[index];
    const char *host = role->hosts.items[host_index];
    config_setting_t *where = look_up_role_or(checks, index, "hosts");
    if (host == NULL || !is_claim_known(checks, index)) {
        return;
    }
    if (is_claimed_by(role, host_index, host, role->path)) {
        reader_error(checks->reader, where, "\"%s\" stands there twice", host);
        return;
    }
    for (size_t i = 0; i < index; i++) {
        const struct conf_role *before = &checks->conf->roles[i];
        if (!is_claim_known(checks, i) ||
            !is_claimed_by(before, before->hosts.count, host, role->path)) {
            continue;
        }
        reader_error(checks->reader, where,
                     "roles[%zu] (\"%s\", line %u) answers for host \"%s\" and path \"%s\" already",
                     i, before->settings.name,
                     config_setting_source_line(look_up_role(checks, i, "")), host, role->path);
        return;
    }
}

static void
check_claims(const struct checks *checks, size_t index)
{
    const struct conf_role *role = &checks->conf->roles[index];
    for (size_t i = 0; i < role->hosts.count; i++) {
        check_claim(checks, index, i);
    }
}

static void
check_name(const struct checks *checks, size_t index)
{
    const char *name = checks->conf->roles[index].settings.name;
    for (size_t i = 0; i < index && name[0] != '\0'; i++) {
        if (strcmp(checks->conf->roles[i].settings.name, name) == 0) {
            reader_error(checks->reader, look_up_role(checks, index, "name"),
                         "roles[%zu] has this name too (line %u)", i,
                         config_setting_source_line(look_up_role(checks, i, "name")));
            return;
        }
    }
}

static void
check_health(const struct checks *checks, size_t index)
{
    const struct conf_role *role = &checks->conf->roles[index];
    config_setting_t *kind = look_up_role(checks, index, "kind");
    config_setting_t *health = look_up_role(checks, index, "health");
    if (health == NULL && !reader_is_bad(kind)) {
        reader_error(checks->reader, look_up_role(checks, index, ""),
                     "a role of kind http needs health = { path = \"/healthz\"; }, so that no set "
                     "goes live unproven");
        return;
    }
    bool is_known = reader_is_bad(look_up_role(checks, index, "hosts")) || reader_is_bad(health) ||
                    reader_is_bad(look_up_role(checks, index, "health.host"));
    if (role->health.is_given && role->health.host[0] == '\0' && !is_known) {
        reader_error(checks->reader, health,
                     "\"host\" is missing, and the role has no exact host to take: say which Host "
                     "a check sends");
    }
}

static void
check_cutover(const struct checks *checks, size_t index)
{
    const struct conf_role *role = &checks->conf->roles[index];
    config_setting_t *timeout = look_up_role(checks, index, "cutover.hold_timeout");
    config_setting_t *max = look_up_role(checks, index, "cutover.hold_max");
    config_setting_t *order = look_up_role(checks, index, "cutover.order");
    if (role->cutover.hold_timeout_ms >= role->settings.hold_max_ms && !reader_is_bad(timeout) &&
        !reader_is_bad(max)) {
        reader_error(checks->reader, timeout != NULL ? timeout : max,
                     "hold_timeout (%ums) must be less than hold_max (%ums): else requests are "
                     "refused before the cutover gives up",
                     role->cutover.hold_timeout_ms, role->settings.hold_max_ms);
    }
    if (role->settings.order == TABLE_ORDER_EXCLUSIVE && role->settings.abort_on_close) {
        reader_error(checks->reader, order,
                     "\"exclusive\" and abort_on_close = true exclude each other: a cancelled "
                     "request may go on in the old set unseen");
    }
}

void
check_all(struct reader *reader, const config_t *config, const struct conf *conf)
{
    struct checks checks = {reader, config, conf};
    check_limits(&checks);
    check_listeners(&checks);
    for (size_t i = 0; i < conf->role_count; i++) {
        if (!config_setting_is_group(look_up_role(&checks, i, ""))) {
            continue;
        }
        check_name(&checks, i);
        check_claims(&checks, i);
        check_health(&checks, i);
        check_cutover(&checks, i);
    }
}
