/* The calls that change something: each makes a command of a body and hands it to the runner. */
#include <stdio.h>
#include <string.h>
#include "control/api/body.h"
#include "control/api/follow.h"
#include "control/api/internal.h"
#include "control/api/request.h"
#include "control/api/route.h"

enum { CHANGE_CLAIMED_MAX = 48 };

/* One change being read. */
struct change {
    struct body body;
    struct core_command command;
    struct core_command_move moves[BODY_TARGETS_MAX];
    char by[CORE_BY_SIZE];
    struct follow_then then;
};

/* A claimed name stands beside the true one in the journal: it must not look like more than it is.
 */
static bool
change_is_claimable(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~' || strchr("()\"\\", *c) != NULL) {
            return false;
        }
    }
    return name[0] != '\0' && strlen(name) <= CHANGE_CLAIMED_MAX;
}

static bool
change_set_by(const struct request *request, struct change *change, struct buf *error)
{
    const char *claimed = change->body.claimed_by;
    if (claimed == NULL) {
        snprintf(change->by, sizeof(change->by), "%s", request->by);
        return true;
    }
    if (!change_is_claimable(claimed)) {
        buf_printf(error, "claimed_by is to be a user's name of at most %d characters",
                   CHANGE_CLAIMED_MAX);
        return false;
    }
    snprintf(change->by, sizeof(change->by), "%s (claimed: %s)", request->by, claimed);
    return true;
}

static bool
change_set_order(struct change *change, struct buf *error)
{
    if (change->body.order == NULL) {
        return true;
    }
    change->command.has_order = core_order_of(change->body.order, &change->command.order);
    if (!change->command.has_order) {
        buf_printf(error, "\"%.64s\" is not an order: available, strict or exclusive",
                   change->body.order);
    }
    return change->command.has_order;
}

/* What bodies of all calls have in common. Fields that a call does not take are absent. */
static bool
change_fill(const struct request *request, struct change *change, struct buf *error)
{
    const struct body *body = &change->body;
    struct core_command *command = &change->command;
    command->role = request->path[2];
    command->build = body->build != NULL ? body->build : body->set;
    command->addresses = body->addresses.items;
    command->address_count = body->addresses.count;
    command->by = change->by;
    command->note = body->note;
    command->has_expect_epoch = body_has(body, BODY_EXPECT_EPOCH);
    command->expect_epoch = body->expect_epoch;
    command->is_forced = body->force;
    command->ready_timeout_ms = body->ready_timeout_ms;
    command->weight_bp = body->weight_bp;
    command->hold_max_ms = body->max_ms;
    command->hold_for_ms = body->for_ms;
    command->message = body->message;
    command->retry_after_s = body->retry_after_s;
    return change_set_by(request, change, error) && change_set_order(change, error);
}

/* Reads the body; false after the answer. The caller runs change_run. */
static bool
change_read(const struct request *request, const struct route *route, enum core_command_kind kind,
            struct change *change)
{
    struct buf error;
    *change = (struct change){.command = {.kind = kind}};
    buf_init(&error);
    bool is_read =
        body_read(request_body(request), route->allowed, route->required, &change->body, &error);
    bool is_fine = is_read && change_fill(request, change, &error);
    if (!is_fine) {
        const char *text = buf_string(&error);
        request_reply_error(request, 400, "bad_request", "%s",
                            text == NULL ? "out of memory" : text);
    }
    if (is_read && !is_fine) {
        body_fini(&change->body);
    }
    buf_fini(&error);
    return is_fine;
}

static void
change_run(const struct request *request, struct change *change)
{
    bool is_followed = !body_has(&change->body, BODY_FOLLOW) || change->body.follow;
    change->then.role = change->command.role;
    change->then.build = change->command.build;
    follow_command(request, &change->command, change->body.wait_ms, is_followed, &change->then);
    body_fini(&change->body);
}

/* A change without anything of its own. */
static void
change_serve(const struct request *request, const struct route *route, enum core_command_kind kind)
{
    struct change change;
    if (change_read(request, route, kind, &change)) {
        change_run(request, &change);
    }
}

void
route_deploy(const struct request *request, const struct route *route)
{
    change_serve(request, route, CORE_COMMAND_DEPLOY);
}

void
route_set_add(const struct request *request, const struct route *route)
{
    struct change change;
    if (change_read(request, route, CORE_COMMAND_SET_ADD, &change)) {
        change.then = (struct follow_then){
            .is_wanted = true, .step = "registered", .state = RUNNER_WAIT_READY};
        change.then.timeout_ms = body_has(&change.body, BODY_READY_TIMEOUT_MS)
                                     ? change.body.ready_timeout_ms
                                     : RUNNER_WAIT_AS_ROLE;
        change_run(request, &change);
    }
}

void
route_set_remove(const struct request *request, const struct route *route)
{
    change_serve(request, route, CORE_COMMAND_SET_REMOVE);
}

void
route_cutover(const struct request *request, const struct route *route)
{
    struct change change;
    if (!change_read(request, route, CORE_COMMAND_CUTOVER, &change)) {
        return;
    }
    const struct body_targets *targets = &change.body.targets;
    change.command.role = targets->items[0].role;
    change.command.build = targets->items[0].set;
    for (size_t i = 1; i < targets->count; i++) {
        change.moves[i - 1].role = targets->items[i].role;
        change.moves[i - 1].build = targets->items[i].set;
    }
    change.command.moves = change.moves;
    change.command.move_count = targets->count - 1;
    change_run(request, &change);
}

void
route_weight(const struct request *request, const struct route *route)
{
    change_serve(request, route, CORE_COMMAND_WEIGHT);
}

void
route_rollback(const struct request *request, const struct route *route)
{
    change_serve(request, route, CORE_COMMAND_ROLLBACK);
}

void
route_abort(const struct request *request, const struct route *route)
{
    change_serve(request, route, CORE_COMMAND_ABORT);
}

void
route_hold(const struct request *request, const struct route *route)
{
    change_serve(request, route, CORE_COMMAND_HOLD);
}

void
route_resume(const struct request *request, const struct route *route)
{
    change_serve(request, route, CORE_COMMAND_RESUME);
}

void
route_maintenance(const struct request *request, const struct route *route)
{
    struct change change;
    if (change_read(request, route, CORE_COMMAND_MAINTENANCE_ON, &change)) {
        change.command.kind =
            change.body.on ? CORE_COMMAND_MAINTENANCE_ON : CORE_COMMAND_MAINTENANCE_OFF;
        change_run(request, &change);
    }
}

void
route_drain(const struct request *request, const struct route *route)
{
    struct change change;
    if (change_read(request, route, CORE_COMMAND_DRAIN, &change)) {
        change.then = (struct follow_then){
            .is_wanted = true, .step = "draining", .state = RUNNER_WAIT_DRAINED};
        change_run(request, &change);
    }
}
