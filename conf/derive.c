#include "conf/reader.h"

#include <string.h>

static const char *
first_exact_host(const struct conf_role *role)
{
    for (size_t i = 0; i < role->hosts.count; i++) {
        const char *host = role->hosts.items[i];
        if (host != NULL && host[0] != '*') {
            return host;
        }
    }
    return "";
}

static void
derive_secret_file(struct reader *reader, struct conf *conf)
{
    struct buf path;
    if (conf->secret_file == NULL || conf->secret_file[0] != '\0') {
        return;
    }
    buf_init(&path);
    if (buf_printf(&path, "%s/secret", conf->state_dir)) {
        reader_keep(reader, buf_span(&path), &conf->secret_file);
    } else {
        reader->has_no_memory = true;
    }
    buf_fini(&path);
}

void
derive_all(struct reader *reader, struct conf *conf)
{
    derive_secret_file(reader, conf);
    struct conf_role *roles;
    memcpy(&roles, &conf->roles, sizeof(roles));
    for (size_t i = 0; i < conf->role_count; i++) {
        if (roles[i].health.host[0] == '\0') {
            roles[i].health.host = first_exact_host(&roles[i]);
        }
        roles[i].settings.preview_host = roles[i].health.host;
    }
}
