/*
 * fake_view: a view of everything at one moment, with something of each kind in it. Included by one
 * file of a test program; one thread.
 */
#ifndef TURNOUT_TESTS_FAKE_VIEW_H
#define TURNOUT_TESTS_FAKE_VIEW_H

#include "control/drive/runner.h"

#define FAKE_DIGEST_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define FAKE_DIGEST_2 "2222222222222222222222222222222222222222222222222222222222222222"

static const struct runner_view_instance fake_instances[] = {
    {.address = "127.0.0.1:9001",
     .is_up = true,
     .is_checked = true,
     .reason = "",
     .detail = "",
     .checked_at_us = 1700000000000000,
     .check_us = 812},
    {.address = "[::1]:9002",
     .is_up = false,
     .is_checked = true,
     .reason = "refused",
     .detail = "connection <refused>",
     .checked_at_us = 1700000000500000,
     .check_us = 90},
};

static const struct runner_view_set fake_sets[] = {
    {.build = "v1",
     .digest = FAKE_DIGEST_1,
     .place = RUNNER_VIEW_LIVE,
     .state = "live",
     .reason = "",
     .healthy = 1,
     .instance_count = 2,
     .in_flight = 4,
     .registered_at_us = 1699999000000000,
     .registered_epoch = 9,
     .instances = fake_instances},
    {.build = "v2",
     .digest = FAKE_DIGEST_2,
     .place = RUNNER_VIEW_CANDIDATE,
     .state = "canary",
     .reason = "",
     .healthy = 1,
     .instance_count = 1,
     .weight_bp = 250,
     .registered_at_us = 1699999500000000,
     .registered_epoch = 12,
     .instances = fake_instances},
    {.build = "v0",
     .digest = "0000000000000000000000000000000000000000000000000000000000000000",
     .place = RUNNER_VIEW_OTHER,
     .state = "retired",
     .reason = "asked for by <anna>",
     .registered_at_us = 1699990000000000,
     .registered_epoch = 2,
     .instances = fake_instances},
};

static const struct runner_view_role fake_roles[] = {
    {.name = "web",
     .kind = "http",
     .epoch = 14,
     .sets = fake_sets,
     .set_count = 3,
     .operation = {"14", "deploy", "alice(1000)", "ready", 1700000000000000},
     .last_cutover = {"9", "v0", "v1", "finished", 1699999100000000, 2500},
     .maintenance_message = ""},
    {.name = "api",
     .kind = "http",
     .is_held = true,
     .hold_until_us = 1700000060000000,
     .parked = 3,
     .is_in_maintenance = true,
     .maintenance_message = "back at <noon>"},
};

static struct runner_view fake_view = {
    .epoch = 17,
    .head = "abcd",
    .node = "edge-1",
    .now_us = 1700000001000000,
    .started_at_us = 1699990000000000,
    .is_journal_writable = true,
    .journal_error = "",
    .roles = fake_roles,
    .role_count = 2,
};

#endif
