#include "control/api/event_names.h"

#include <stdio.h>
#include "control/api/view_json.h"

static void
names_learn_view(struct event_names *names)
{
    const struct runner_view *view = runner_view_new(names->runner);
    for (size_t r = 0; view != NULL && r < view->role_count; r++) {
        for (size_t i = 0; i < view->roles[r].set_count; i++) {
            char name[VIEW_SET_NAME_SIZE];
            const struct runner_view_set *set = &view->roles[r].sets[i];
            json_object_set_new(names->names, set->digest, json_string(view_set_name(set, name)));
        }
    }
    runner_view_free(view);
}

void
event_names_init(struct event_names *names, struct runner *runner)
{
    names->runner = runner;
    names->names = json_object();
    names->begins = json_object();
    names_learn_view(names);
}

void
event_names_fini(struct event_names *names)
{
    json_decref(names->names);
    json_decref(names->begins);
    names->names = names->begins = NULL;
}

/* A set's first event says its build: from there on it has a name. */
static void
names_learn_event(struct event_names *names, const json_t *event)
{
    const char *build = json_string_value(json_object_get(event, "build"));
    const char *digest = json_string_value(json_object_get(event, "digest"));
    if (build != NULL && digest != NULL) {
        json_object_set_new(names->names, digest, json_sprintf("%s#%.8s", build, digest));
    }
}

static void
names_add(const struct event_names *names, json_t *object, const char *digest_key,
          const char *name_key)
{
    const char *digest = json_string_value(json_object_get(object, digest_key));
    json_t *name = digest == NULL ? NULL : json_object_get(names->names, digest);
    if (name != NULL) {
        json_object_set(object, name_key, name);
    }
}

/* Remembers what a cutover is about when it begins, and says it again with what becomes of it. */
static void
names_tie(const struct event_names *names, json_t *event)
{
    char id[24];
    json_t *moves = json_object_get(event, "moves");
    json_t *cutover = json_object_get(event, "cutover");
    if (moves != NULL) {
        snprintf(id, sizeof(id), "%lld",
                 (long long)json_integer_value(json_object_get(event, "epoch")));
        json_object_set_new(
            names->begins, id,
            json_pack("{s:O,s:O*}", "moves", moves, "kind", json_object_get(event, "kind")));
    } else if (cutover != NULL && json_object_get(event, "role") == NULL) {
        snprintf(id, sizeof(id), "%lld", (long long)json_integer_value(cutover));
        json_object_update_missing(event, json_object_get(names->begins, id));
    }
}

json_t *
event_names_apply(struct event_names *names, struct span event)
{
    json_t *object = json_loadb(event.data, event.size, 0, NULL);
    names_learn_event(names, object);
    names_add(names, object, "digest", "set");
    json_t *moves = json_object_get(object, "moves");
    for (size_t i = 0; i < json_array_size(moves); i++) {
        json_t *move = json_array_get(moves, i);
        names_add(names, move, "from", "from_set");
        names_add(names, move, "to", "to_set");
    }
    names_tie(names, object);
    return object;
}
