/*
 * users: who a uid is, for the journal. Only /etc/passwd is asked, never a directory service:
 * nothing may block the control thread. Control thread only.
 */
#ifndef TURNOUT_API_USERS_H
#define TURNOUT_API_USERS_H

#include <stddef.h>
#include <sys/types.h>

/* "alice(1000)", or "uid 1000" where the name is not known, or "unknown" for (uid_t)-1. */
void users_describe(uid_t uid, char *out, size_t capacity);

#endif
