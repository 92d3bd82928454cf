#include "proxy/flow/view.h"

#include <stdlib.h>

#include "proxy/base/check.h"
#include "proxy/flow/exchange.h"
#include "proxy/flow/upstream.h"
#include "proxy/flow/worker.h"

static void view_reap(struct loop_task *task);

enum err
view_init(struct view *view, struct worker *worker, uint32_t role_count)
{
    view->worker = worker;
    list_init(&view->sets);
    loop_task_init(&view->reap, view_reap);
    view->roles = calloc(role_count + 1U, sizeof(*view->roles));
    if (view->roles == NULL) {
        return ERR_NO_MEMORY;
    }
    view->role_count = role_count;
    for (uint32_t i = 0; i < role_count; i++) {
        view->roles[i].worker = worker;
        view->roles[i].index = i;
        hold_init(&view->roles[i]);
    }
    return ERR_OK;
}

static void
set_close_idle(struct set_view *set)
{
    for (uint32_t i = 0; i < set->instance_count; i++) {
        struct list *node;
        while ((node = list_take_first(&set->instances[i].idle)) != NULL) {
            upstream_close(LIST_ITEM(node, struct upstream, node));
        }
    }
}

static void
set_free(struct set_view *set)
{
    list_remove(&set->node);
    free(set->up);
    free(set);
}

void
view_fini(struct view *view)
{
    struct list *node;
    loop_task_cancel(&view->reap);
    while ((node = list_take_first(&view->sets)) != NULL) {
        struct set_view *set = LIST_ITEM(node, struct set_view, node);
        CHECK(list_is_empty(&set->exchanges));
        set_close_idle(set);
        set_free(set);
    }
    free(view->listed);
    free(view->roles);
    view->listed = NULL;
    view->roles = NULL;
}

static struct set_view *
view_find(const struct view *view, uint64_t id)
{
    for (struct list *node = view->sets.next; node != &view->sets; node = node->next) {
        struct set_view *set = LIST_ITEM(node, struct set_view, node);
        if (set->id == id) {
            return set;
        }
    }
    return NULL;
}

static void
instance_init(struct instance_view *instance, struct set_view *set, uint32_t index,
              const struct table_set *listed, const struct role_settings *settings)
{
    instance->set = set;
    instance->index = index;
    instance->address = listed->instances[index].address;
    instance->counts = &set->cell->instances[index];
    instance->idle_ms = settings->upstream_idle_ms;
    list_init(&instance->idle);
}

static struct set_view *
set_new(struct view *view, const struct table *table, const struct table_set *listed)
{
    struct set_view *set =
        calloc(1, sizeof(*set) + listed->instance_count * sizeof(struct instance_view));
    uint32_t *up = calloc(listed->instance_count + 1U, sizeof(*up));
    /* Without memory for what was published there is no safe way to route. */
    CHECK(set != NULL && up != NULL);
    set->id = listed->id;
    set->role = listed->role;
    set->cell = &listed->ledger->cells[view->worker->index];
    set->up = up;
    set->instance_count = listed->instance_count;
    memcpy(set->build, listed->build, sizeof(set->build));
    list_init(&set->exchanges);
    for (uint32_t i = 0; i < listed->instance_count; i++) {
        instance_init(&set->instances[i], set, i, listed, table->roles[listed->role].settings);
    }
    list_add_last(&view->sets, &set->node);
    return set;
}

static bool
role_is_served_by(const struct table_role *role, uint32_t set)
{
    return role->live == set || (role->candidate == set && role->weight_bp > 0);
}

static struct set_view *
view_adopt_set(struct view *view, const struct table *table, uint32_t index)
{
    const struct table_set *listed = &table->sets[index];
    struct set_view *set = view_find(view, listed->id);
    if (set == NULL) {
        set = set_new(view, table, listed);
    }
    set->is_listed = true;
    set->is_live = role_is_served_by(&table->roles[listed->role], index);
    set->must_cut = listed->is_cut;
    set->up_count = listed->up_count;
    memcpy(set->up, listed->up, listed->up_count * sizeof(*set->up));
    return set;
}

static void
view_adopt(struct view *view, const struct table *table)
{
    struct set_view **listed = realloc(view->listed, (table->set_count + 1U) * sizeof(*listed));
    CHECK(listed != NULL);
    view->listed = listed;
    for (struct list *node = view->sets.next; node != &view->sets; node = node->next) {
        struct set_view *set = LIST_ITEM(node, struct set_view, node);
        set->is_listed = set->is_live = false;
    }
    for (uint32_t i = 0; i < table->set_count; i++) {
        listed[i] = view_adopt_set(view, table, i);
    }
    view->listed_count = table->set_count;
    view->serial = table->serial;
    for (uint32_t i = 0; i < table->role_count; i++) {
        struct role_view *role = &view->roles[i];
        if (!table->roles[i].is_held && role->parked_count > 0) {
            loop_defer(view->worker->loop, &role->release);
        }
    }
    loop_defer(view->worker->loop, &view->reap);
}

const struct table *
view_current(struct view *view)
{
    const struct table *table =
        atomic_load_explicit(&view->worker->node->table, memory_order_acquire);
    if (table->serial != view->serial) {
        view_adopt(view, table);
    }
    return table;
}

static void
set_cut(struct set_view *set)
{
    /* exchange_cut takes each off the list, an exclusive role's too. */
    while (!list_is_empty(&set->exchanges)) {
        exchange_cut(LIST_ITEM(set->exchanges.next, struct exchange, node));
    }
}

/* At the end of a turn, when nothing of a set is on the stack: cuts what must be cut, frees what no
 * table names any more. */
static void
view_reap(struct loop_task *task)
{
    struct view *view = LIST_ITEM(task, struct view, reap);
    struct list *next;
    for (struct list *node = view->sets.next; node != &view->sets; node = next) {
        next = node->next;
        struct set_view *set = LIST_ITEM(node, struct set_view, node);
        if (set->must_cut) {
            set_cut(set);
        }
        if (!set->is_listed) {
            set_close_idle(set);
            if (list_is_empty(&set->exchanges)) {
                set_free(set);
            }
        }
    }
}

void
view_set_idle(struct view *view, struct set_view *set)
{
    if (!set->is_live) {
        view->worker->node->notify(view->worker->node);
    }
    if (!set->is_listed) {
        loop_defer(view->worker->loop, &view->reap);
    }
}

struct set_view *
view_choose_set(struct view *view, const struct table *table, uint32_t role)
{
    const struct table_role *listed = &table->roles[role];
    if (listed->candidate != TABLE_NO_SET && view->listed[listed->candidate]->up_count > 0 &&
        choose_candidate(&view->roles[role].chooser, listed->weight_bp, &view->worker->random)) {
        return view->listed[listed->candidate];
    }
    return listed->live == TABLE_NO_SET ? NULL : view->listed[listed->live];
}

static struct instance_view *
choose_other(struct view *view, struct set_view *set, const struct instance_view *except)
{
    uint32_t start = (uint32_t)random_below(&view->worker->random, set->up_count);
    for (uint32_t i = 0; i < set->up_count; i++) {
        struct instance_view *instance = &set->instances[set->up[(start + i) % set->up_count]];
        if (instance != except) {
            return instance;
        }
    }
    return &set->instances[set->up[0]];
}

struct instance_view *
view_choose_instance(struct view *view, struct set_view *set, const struct instance_view *except)
{
    if (set->up_count == 0) {
        return NULL;
    }
    if (set->up_count == 1) {
        return &set->instances[set->up[0]];
    }
    if (except != NULL) {
        return choose_other(view, set, except);
    }
    uint32_t first;
    uint32_t second;
    choose_two(&view->worker->random, set->up_count, &first, &second);
    struct instance_view *a = &set->instances[set->up[first]];
    struct instance_view *b = &set->instances[set->up[second]];
    return b->load < a->load ? b : a;
}
