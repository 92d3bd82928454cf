#include "control/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/core/edit.h"
#include "proxy/base/check.h"

struct core_state *
core_state_new(void)
{
    return calloc(1, sizeof(struct core_state));
}

static void
state_role_free(struct core_role *role)
{
    for (size_t i = 0; i < role->set_count; i++) {
        free(role->sets[i]);
    }
    free(role->sets);
    free(role);
}

void
core_state_free(struct core_state *state)
{
    if (state == NULL) {
        return;
    }
    for (size_t i = 0; i < state->operation_count; i++) {
        free(state->operations[i]);
    }
    for (size_t i = 0; i < state->role_count; i++) {
        state_role_free(state->roles[i]);
    }
    free(state->operations);
    free(state->roles);
    free(state);
}

struct core_role *
core_role_find(const struct core_state *state, const char *name)
{
    size_t low = 0, high = state->role_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(state->roles[middle]->name, name);
        if (order == 0) {
            return state->roles[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

struct core_set *
core_set_find(const struct core_state *state, const struct digest *digest)
{
    for (size_t i = 0; i < state->role_count; i++) {
        const struct core_role *role = state->roles[i];
        for (size_t j = 0; j < role->set_count; j++) {
            if (core_digest_equal(&role->sets[j]->digest, digest)) {
                return role->sets[j];
            }
        }
    }
    return NULL;
}

struct core_operation *
core_operation_find(const struct core_state *state, uint64_t id)
{
    for (size_t i = 0; i < state->operation_count; i++) {
        if (state->operations[i]->id == id) {
            return state->operations[i];
        }
    }
    return NULL;
}

const struct core_cutover *
core_cutover_find(const struct core_role *role, uint64_t id)
{
    for (size_t i = 0; i < role->cutover_count; i++) {
        if (role->cutovers[i].id == id) {
            return &role->cutovers[i];
        }
    }
    return NULL;
}

struct core_cutover *
edit_cutover_find(struct core_role *role, uint64_t id)
{
    for (size_t i = 0; i < role->cutover_count; i++) {
        if (role->cutovers[i].id == id) {
            return &role->cutovers[i];
        }
    }
    return NULL;
}

static bool
state_is_hex(const char *text, size_t size)
{
    return size > 0 && size < DIGEST_HEX_SIZE && strspn(text, "0123456789abcdefABCDEF") == size;
}

static bool
state_digest_begins(const struct digest *digest, const char *hex, size_t size)
{
    char all[DIGEST_HEX_SIZE];
    digest_to_hex(digest, all);
    return span_equal_nocase((struct span){all, size}, (struct span){hex, size});
}

static struct core_set *
state_set_newest(const struct core_role *role, const char *build)
{
    struct core_set *newest = NULL;
    for (size_t i = 0; i < role->set_count; i++) {
        struct core_set *set = role->sets[i];
        if (strcmp(set->build, build) == 0 &&
            (newest == NULL || set->registered_epoch > newest->registered_epoch)) {
            newest = set;
        }
    }
    return newest;
}

static enum err
state_set_exact(const struct core_role *role, const char *build, const char *hex,
                struct core_set **out)
{
    struct core_set *found = NULL;
    for (size_t i = 0; i < role->set_count; i++) {
        struct core_set *set = role->sets[i];
        if (strcmp(set->build, build) != 0 ||
            !state_digest_begins(&set->digest, hex, strlen(hex))) {
            continue;
        }
        if (found != NULL) {
            return ERR_CONFLICT;
        }
        found = set;
    }
    if (found == NULL) {
        return ERR_NOT_FOUND;
    }
    *out = found;
    return ERR_OK;
}

enum err
core_set_resolve(const struct core_role *role, const char *name, struct core_set **out)
{
    const char *mark = strchr(name, '#');
    size_t size = mark == NULL ? strlen(name) : (size_t)(mark - name);
    char build[CORE_BUILD_SIZE];
    struct core_set *set;
    if (!span_to_string((struct span){name, size}, build, sizeof build) ||
        !core_build_name_is_valid(build) ||
        (mark != NULL && !state_is_hex(mark + 1, strlen(mark + 1)))) {
        return ERR_INVALID;
    }
    if (mark != NULL) {
        return state_set_exact(role, build, mark + 1, out);
    }
    set = state_set_newest(role, build);
    if (set == NULL) {
        return ERR_NOT_FOUND;
    }
    *out = set;
    return ERR_OK;
}

const char *
core_set_name(const struct core_set *set, char out[CORE_NAME_SIZE])
{
    char hex[DIGEST_HEX_SIZE];
    digest_to_hex(&set->digest, hex);
    snprintf(out, CORE_NAME_SIZE, "%s@%s#%.8s", set->role->name, set->build, hex);
    return out;
}

bool
core_set_is_kept(const struct core_set *set)
{
    return set->status != CORE_STATUS_RETIRED && set->status != CORE_STATUS_FAILED;
}
