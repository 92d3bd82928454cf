#include "control/api/users.h"

#include <pwd.h>
#include <stdio.h>
#include "proxy/base/span.h"

enum { USERS_LINES_MAX = 10000, USERS_NAME_SIZE = 48 };

/* Only names of letters, digits and marks that stand for themselves are told. */
static bool
users_name_is_plain(const char *name)
{
    return name[0] != '\0' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
               strlen(name);
}

static bool
users_find(uid_t uid, char out[USERS_NAME_SIZE])
{
    FILE *file = fopen("/etc/passwd", "re");
    bool is_found = false;
    if (file == NULL) {
        return false;
    }
    for (int i = 0; i < USERS_LINES_MAX && !is_found; i++) {
        const struct passwd *entry = fgetpwent(file);
        if (entry == NULL) {
            break;
        }
        is_found = entry->pw_uid == uid && users_name_is_plain(entry->pw_name) &&
                   span_to_string(span_of(entry->pw_name), out, USERS_NAME_SIZE);
    }
    fclose(file);
    return is_found;
}

void
users_describe(uid_t uid, char *out, size_t capacity)
{
    char name[USERS_NAME_SIZE];
    if (uid == (uid_t)-1) {
        snprintf(out, capacity, "unknown");
    } else if (users_find(uid, name)) {
        snprintf(out, capacity, "%s(%u)", name, (unsigned)uid);
    } else {
        snprintf(out, capacity, "uid %u", (unsigned)uid);
    }
}
