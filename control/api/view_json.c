#include "control/api/view_json.h"

#include <stdio.h>
#include <string.h>
#include "proxy/base/clock.h"

enum { DIGEST_DIGITS_SHOWN = 8 };

json_t *
view_json_time(uint64_t wall_us)
{
    char text[CLOCK_RFC3339_SIZE];
    if (wall_us == 0) {
        return json_null();
    }
    clock_format_rfc3339(wall_us, text);
    return json_string(text);
}

/* A text, or null for "" and NULL. Bytes that are not UTF-8 cannot be said in JSON: null too. */
static json_t *
view_json_text(const char *text)
{
    json_t *value = text == NULL || text[0] == '\0' ? NULL : json_string(text);
    return value == NULL ? json_null() : value;
}

const char *
view_set_name(const struct runner_view_set *set, char out[VIEW_SET_NAME_SIZE])
{
    snprintf(out, VIEW_SET_NAME_SIZE, "%s#%.*s", set->build, DIGEST_DIGITS_SHOWN, set->digest);
    return out;
}

/* What status says of a set. */
static json_t *
view_json_brief(const struct runner_view_set *set)
{
    return json_pack("{s:s,s:s,s:I,s:I,s:I}", "build", set->build, "digest", set->digest, "healthy",
                     (json_int_t)set->healthy, "instances", (json_int_t)set->instance_count,
                     "in_flight", (json_int_t)set->in_flight);
}

static const struct runner_view_set *
view_first(const struct runner_view_role *role, enum runner_view_place place)
{
    for (size_t i = 0; i < role->set_count; i++) {
        const struct runner_view_set *set = &role->sets[i];
        bool is_previous = place == RUNNER_VIEW_PREVIOUS && set->is_previous;
        if (set->place == place || is_previous) {
            return set;
        }
    }
    return NULL;
}

static json_t *
view_json_place(const struct runner_view_role *role, enum runner_view_place place)
{
    const struct runner_view_set *set = view_first(role, place);
    json_t *object = set == NULL ? json_null() : view_json_brief(set);
    if (set != NULL && place == RUNNER_VIEW_CANDIDATE) {
        json_object_set_new(object, "weight_bp", json_integer(set->weight_bp));
    }
    if (set != NULL && place == RUNNER_VIEW_PREVIOUS) {
        json_object_set_new(object, "rollback_until", view_json_time(set->rollback_until_us));
    }
    return object;
}

static json_t *
view_json_draining(const struct runner_view_role *role)
{
    json_t *list = json_array();
    for (size_t i = 0; i < role->set_count; i++) {
        if (role->sets[i].place == RUNNER_VIEW_DRAINING) {
            json_array_append_new(list, view_json_brief(&role->sets[i]));
        }
    }
    return list;
}

static json_t *
view_json_operation(const struct runner_view_operation *operation)
{
    if (operation->id == NULL) {
        return json_null();
    }
    return json_pack("{s:s,s:s,s:o,s:o,s:o}", "id", operation->id, "kind", operation->kind, "by",
                     view_json_text(operation->by), "step", view_json_text(operation->step),
                     "since", view_json_time(operation->since_us));
}

static json_t *
view_json_cutover(const struct runner_view_cutover *cutover)
{
    if (cutover->id == NULL) {
        return json_null();
    }
    return json_pack("{s:s,s:o,s:o,s:s,s:o,s:I}", "id", cutover->id, "from",
                     view_json_text(cutover->from), "to", view_json_text(cutover->to), "result",
                     cutover->result, "at", view_json_time(cutover->at_us), "duration_us",
                     (json_int_t)cutover->duration_us);
}

/* What a role's entries have in common in status and show. */
static json_t *
view_json_role_head(const struct runner_view_role *role)
{
    json_t *hold = role->is_held
                       ? json_pack("{s:o,s:I}", "until", view_json_time(role->hold_until_us),
                                   "parked", (json_int_t)role->parked)
                       : json_null();
    json_t *maintenance =
        role->is_in_maintenance
            ? json_pack("{s:o}", "message", view_json_text(role->maintenance_message))
            : json_null();
    return json_pack(
        "{s:s,s:s,s:I,s:o,s:o,s:o,s:o}", "role", role->name, "kind", role->kind, "epoch",
        (json_int_t)role->epoch, "operation", view_json_operation(&role->operation), "last_cutover",
        view_json_cutover(&role->last_cutover), "hold", hold, "maintenance", maintenance);
}

static json_t *
view_json_role_brief(const struct runner_view_role *role)
{
    json_t *object = view_json_role_head(role);
    json_object_set_new(object, "live", view_json_place(role, RUNNER_VIEW_LIVE));
    json_object_set_new(object, "candidate", view_json_place(role, RUNNER_VIEW_CANDIDATE));
    json_object_set_new(object, "previous", view_json_place(role, RUNNER_VIEW_PREVIOUS));
    json_object_set_new(object, "draining", view_json_draining(role));
    return object;
}

json_t *
view_json_status(const struct runner_view *view)
{
    json_t *roles = json_array();
    for (size_t i = 0; i < view->role_count; i++) {
        json_array_append_new(roles, view_json_role_brief(&view->roles[i]));
    }
    return json_pack("{s:I,s:s,s:[{s:s,s:I,s:b,s:i}],s:o,s:{s:s,s:b,s:o}}", "epoch",
                     (json_int_t)view->epoch, "node", view->node, "nodes", "name", view->node,
                     "epoch", (json_int_t)view->epoch, "alive", 1, "skew_us", 0, "roles", roles,
                     "journal", "head", view->head, "writable", view->is_journal_writable, "error",
                     view_json_text(view->journal_error));
}

static json_t *
view_json_member(const struct runner_view_instance *instance)
{
    return json_pack("{s:s,s:b,s:o,s:I,s:o,s:o}", "address", instance->address, "up",
                     instance->is_up, "checked_at", view_json_time(instance->checked_at_us),
                     "check_us", (json_int_t)instance->check_us, "reason",
                     view_json_text(instance->reason), "detail", view_json_text(instance->detail));
}

json_t *
view_json_set(const struct runner_view_role *role, const struct runner_view_set *set)
{
    static const char *const places[] = {
        [RUNNER_VIEW_LIVE] = "live",         [RUNNER_VIEW_CANDIDATE] = "candidate",
        [RUNNER_VIEW_PREVIOUS] = "previous", [RUNNER_VIEW_DRAINING] = "draining",
        [RUNNER_VIEW_OTHER] = "other",
    };
    char name[VIEW_SET_NAME_SIZE];
    json_t *members = json_array();
    for (uint32_t i = 0; i < set->instance_count; i++) {
        json_array_append_new(members, view_json_member(&set->instances[i]));
    }
    json_t *object = view_json_brief(set);
    json_t *more = json_pack("{s:s,s:s,s:s,s:s,s:o,s:b,s:I,s:o,s:o,s:I,s:o}", "role", role->name,
                             "set", view_set_name(set, name), "place", places[set->place], "state",
                             set->state, "why", view_json_text(set->reason), "bad", set->is_bad,
                             "weight_bp", (json_int_t)set->weight_bp, "rollback_until",
                             view_json_time(set->rollback_until_us), "registered_at",
                             view_json_time(set->registered_at_us), "registered_epoch",
                             (json_int_t)set->registered_epoch, "members", members);
    json_object_update(object, more);
    json_decref(more);
    return object;
}

json_t *
view_json_role(const struct runner_view_role *role)
{
    json_t *object = view_json_role_head(role);
    json_t *sets = json_array();
    for (size_t i = 0; i < role->set_count; i++) {
        json_array_append_new(sets, view_json_set(role, &role->sets[i]));
    }
    json_object_set_new(object, "sets", sets);
    return object;
}

const struct runner_view_role *
view_find_role(const struct runner_view *view, const char *name)
{
    for (size_t i = 0; i < view->role_count; i++) {
        if (strcmp(view->roles[i].name, name) == 0) {
            return &view->roles[i];
        }
    }
    return NULL;
}

const struct runner_view_set *
view_find_set(const struct runner_view_role *role, const char *name)
{
    const struct runner_view_set *found = NULL;
    size_t size = strcspn(name, "#");
    const char *digits = name[size] == '#' ? name + size + 1 : "";
    for (size_t i = 0; i < role->set_count; i++) {
        const struct runner_view_set *set = &role->sets[i];
        if (span_equal(span_of(set->build), (struct span){name, size}) &&
            strncmp(set->digest, digits, strlen(digits)) == 0 &&
            (found == NULL || set->registered_epoch > found->registered_epoch)) {
            found = set;
        }
    }
    return found;
}

const struct runner_view_set *
view_find_digest(const struct runner_view *view, const char *digest)
{
    for (size_t r = 0; r < view->role_count; r++) {
        for (size_t i = 0; i < view->roles[r].set_count; i++) {
            if (strcmp(view->roles[r].sets[i].digest, digest) == 0) {
                return &view->roles[r].sets[i];
            }
        }
    }
    return NULL;
}
