/*
 * view_json: the runner's view as the JSON of docs/api.md. Each returns a new object, NULL when out
 * of memory. Any thread.
 */
#ifndef TURNOUT_API_VIEW_JSON_H
#define TURNOUT_API_VIEW_JSON_H

#include <jansson.h>
#include "control/drive/runner.h"

json_t *view_json_status(const struct runner_view *view);

/* All of a role, or of one of its sets. */
json_t *view_json_role(const struct runner_view_role *role);
json_t *view_json_set(const struct runner_view_role *role, const struct runner_view_set *set);

/* NULL for an unknown name. */
const struct runner_view_role *view_find_role(const struct runner_view *view, const char *name);

/* The set with this name, "v42" (its newest) or "v42#1f3a9c02"; NULL when there is none. */
const struct runner_view_set *view_find_set(const struct runner_view_role *role, const char *name);

/* The set with this digest (64 hex digits); NULL when it is not known. */
const struct runner_view_set *view_find_digest(const struct runner_view *view, const char *digest);

/* "v42#1f3a9c02" */
enum { VIEW_SET_NAME_SIZE = 160 };
const char *view_set_name(const struct runner_view_set *set, char out[VIEW_SET_NAME_SIZE]);

/* RFC 3339, or JSON's null for 0. */
json_t *view_json_time(uint64_t wall_us);

#endif
