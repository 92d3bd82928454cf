/*
 * fake_runner: a runner for tests of the API: it remembers what it was handed, and the test says
 * when steps, refusals and events come. Included by one file of a test program; one thread.
 */
#ifndef TURNOUT_TESTS_FAKE_RUNNER_H
#define TURNOUT_TESTS_FAKE_RUNNER_H

#include <stdlib.h>
#include <string.h>
#include "control/core/command.h"
#include "control/drive/runner.h"
#include "tests/unit/api/fake_view.h"

struct runner_follower {
    struct runner_follower_calls calls;
    void *arg;
};

struct runner_events {
    runner_event_call call;
    void *arg;
};

struct fake_runner {
    struct runner_follower *follower; /* the newest that is followed */
    struct runner_events *events;
    unsigned followers; /* that were not freed */
    unsigned submitted;
    unsigned waits;
    enum core_command_kind kind;
    char role[64];
    char build[64];
    char by[128];
    char note[128];
    uint64_t wait_ms;
    uint64_t weight_bp;
    uint64_t after;
    size_t address_count;
    size_t move_count;
    enum runner_wait wait_state;
    bool is_stopping;
};

static struct fake_runner fake;

static struct runner_follower *
fake_follow(const struct runner_follower_calls *calls, void *arg)
{
    fake.follower = calloc(1, sizeof(*fake.follower));
    *fake.follower = (struct runner_follower){*calls, arg};
    fake.followers++;
    return fake.follower;
}

struct runner_follower *
runner_submit(struct runner *runner, const struct core_command *command, uint64_t wait_ms,
              const struct runner_follower_calls *calls, void *arg)
{
    (void)runner;
    fake.submitted++;
    fake.kind = command->kind;
    fake.wait_ms = wait_ms;
    fake.weight_bp = command->weight_bp;
    fake.address_count = command->address_count;
    fake.move_count = command->move_count;
    snprintf(fake.role, sizeof(fake.role), "%s", command->role);
    snprintf(fake.build, sizeof(fake.build), "%s", command->build == NULL ? "" : command->build);
    snprintf(fake.by, sizeof(fake.by), "%s", command->by);
    snprintf(fake.note, sizeof(fake.note), "%s", command->note == NULL ? "" : command->note);
    return fake_follow(calls, arg);
}

enum err
runner_follow(struct runner *runner, const char *operation,
              const struct runner_follower_calls *calls, void *arg, struct runner_follower **out)
{
    (void)runner;
    if (strcmp(operation, "14") != 0) {
        return ERR_NOT_FOUND;
    }
    *out = fake_follow(calls, arg);
    return ERR_OK;
}

struct runner_follower *
runner_wait(struct runner *runner, const char *role, enum runner_wait state, const char *build,
            uint64_t timeout_ms, const struct runner_follower_calls *calls, void *arg)
{
    (void)runner;
    fake.waits++;
    fake.wait_ms = timeout_ms;
    fake.wait_state = state;
    snprintf(fake.role, sizeof(fake.role), "%s", role);
    snprintf(fake.build, sizeof(fake.build), "%s", build);
    return fake_follow(calls, arg);
}

void
runner_follower_free(struct runner_follower *follower)
{
    if (follower != NULL) {
        fake.followers--;
        fake.follower = fake.follower == follower ? NULL : fake.follower;
        free(follower);
    }
}

static void
fake_step(const char *name, const char *text)
{
    const struct runner_step step = {.operation = "14",
                                     .kind = "deploy",
                                     .role = "web",
                                     .name = name,
                                     .text = text,
                                     .at_us = 1700000000000000,
                                     .epoch = 14};
    fake.follower->calls.on_step(fake.follower->arg, &step);
}

static void
fake_end(enum runner_result result, const char *text, bool has_drain)
{
    const struct runner_step step = {.operation = "14",
                                     .kind = "deploy",
                                     .role = "web",
                                     .name = "drained",
                                     .text = text,
                                     .at_us = 1700000000000000,
                                     .epoch = 19,
                                     .is_last = true,
                                     .result = result,
                                     .has_drain = has_drain,
                                     .drain = {120, 1, 310000}};
    fake.follower->calls.on_step(fake.follower->arg, &step);
}

static void
fake_refuse(const char *code, const char *text, int status)
{
    const struct runner_refusal refusal = {code, text, status};
    fake.follower->calls.on_refused(fake.follower->arg, &refusal);
}

enum err
runner_history(struct runner *runner, const char *role, size_t limit, runner_event_call call,
               void *arg)
{
    static const char *const texts[] = {
        "{\"epoch\":3,\"event\":\"set.registered\",\"role\":\"web\",\"build\":\"v9\","
        "\"digest\":\"" FAKE_DIGEST_2 "\"}",
        "{\"epoch\":4,\"event\":\"cutover.begin\",\"moves\":[{\"role\":\"web\","
        "\"from\":\"" FAKE_DIGEST_1 "\",\"to\":\"" FAKE_DIGEST_2 "\"}]}",
    };
    (void)runner;
    (void)role;
    for (size_t i = 0; i < 2 && i < limit; i++) {
        const struct runner_event event = {3 + i, span_of(texts[i])};
        if (!call(arg, &event)) {
            break;
        }
    }
    return ERR_OK;
}

struct runner_events *
runner_events_follow(struct runner *runner, uint64_t after_epoch, runner_event_call call, void *arg)
{
    (void)runner;
    fake.after = after_epoch;
    fake.events = calloc(1, sizeof(*fake.events));
    *fake.events = (struct runner_events){call, arg};
    return fake.events;
}

void
runner_events_free(struct runner_events *events)
{
    fake.events = fake.events == events ? NULL : fake.events;
    free(events);
}

const struct runner_view *
runner_view_new(struct runner *runner)
{
    (void)runner;
    fake_view.is_stopping = fake.is_stopping;
    return &fake_view;
}

void
runner_view_free(const struct runner_view *view)
{
    (void)view;
}

#endif
