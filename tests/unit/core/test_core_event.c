/* The tables: unique names, every field used, and equality that sees every field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "control/core/command.h"
#include "control/core/decide.h"
#include "control/core/event.h"

static void
event_names_are_unique(void **in)
{
    enum core_event_kind kind = CORE_EVENT_COUNT;
    (void)in;
    for (unsigned i = 0; i < CORE_EVENT_COUNT; i++) {
        const char *name = core_event_name((enum core_event_kind)i);
        assert_true(core_event_kind_of(name, &kind));
        assert_int_equal(kind, i);
        assert_true(core_event_meaning(kind)[0] != '\0');
        assert_int_equal(core_event_is_snapshot(kind), strncmp(name, "snapshot.", 9) == 0);
    }
    assert_false(core_event_kind_of("set.nonsense", &kind));
}

static void
fields_are_unique_and_used(void **in)
{
    (void)in;
    for (unsigned i = 0; i < CORE_FIELD_COUNT; i++) {
        const struct core_field_info *info = core_field_info((enum core_field)i);
        bool is_used = false;
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(info->key, core_field_info((enum core_field)j)->key);
        }
        for (unsigned j = 0; j < CORE_EVENT_COUNT; j++) {
            is_used |= core_event_has_field((enum core_event_kind)j, (enum core_field)i);
        }
        assert_true(is_used);
        assert_int_equal(info->type == CORE_TYPE_NAME, info->names != NULL);
        assert_true(info->offset + info->size <= sizeof(struct core_event));
    }
}

static void
event_change(struct core_event *event, const struct core_field_info *info)
{
    static const char addresses[1][CORE_ADDRESS_SIZE] = {"10.0.0.1:80"};
    if (info->type == CORE_TYPE_ADDRESSES) {
        assert_int_equal(core_event_set_addresses(event, addresses, 1), ERR_OK);
    } else if (info->type == CORE_TYPE_MOVES) {
        event->move_count = 1;
        snprintf(event->moves[0].role, sizeof event->moves[0].role, "web");
    } else {
        *((char *)event + info->offset) = 1;
    }
}

static void
equality_sees_every_field(void **in)
{
    (void)in;
    for (unsigned i = 0; i < CORE_EVENT_COUNT; i++) {
        for (unsigned j = 0; j < CORE_FIELD_COUNT; j++) {
            struct core_event a, b;
            core_event_init(&a, (enum core_event_kind)i);
            core_event_init(&b, (enum core_event_kind)i);
            assert_true(core_event_equal(&a, &b));
            event_change(&b, core_field_info((enum core_field)j));
            assert_int_equal(core_event_equal(&a, &b),
                             !core_event_has_field(a.kind, (enum core_field)j));
            core_event_fini(&b);
        }
    }
}

static void
equality_sees_what_all_have(void **in)
{
    struct core_event a, b;
    (void)in;
    core_event_init(&a, CORE_EVENT_HOLD_END);
    b = a;
    b.wall_us = 1;
    assert_false(core_event_equal(&a, &b));
    b = a;
    b.by[0] = 'x';
    assert_false(core_event_equal(&a, &b));
    b = a;
    b.note[0] = 'x';
    assert_false(core_event_equal(&a, &b));
    b = a;
    b.claimed[0] = 'x';
    assert_false(core_event_equal(&a, &b));
    b = a;
    b.kind = CORE_EVENT_HOLD_BEGIN;
    assert_false(core_event_equal(&a, &b));
}

static void
too_many_addresses(void **in)
{
    static const char addresses[CORE_ADDRESSES_MAX + 1][CORE_ADDRESS_SIZE];
    struct core_event event;
    (void)in;
    core_event_init(&event, CORE_EVENT_SET_REGISTERED);
    assert_int_equal(core_event_set_addresses(&event, addresses, CORE_ADDRESSES_MAX + 1),
                     ERR_LIMIT);
    assert_null(event.addresses);
    assert_int_equal(core_event_set_addresses(&event, addresses, 0), ERR_OK);
    core_event_fini(&event);
}

static void
orders(void **in)
{
    enum table_order order;
    (void)in;
    for (unsigned i = 0; i <= TABLE_ORDER_EXCLUSIVE; i++) {
        assert_true(core_order_of(core_order_name((enum table_order)i), &order));
        assert_int_equal(order, i);
    }
    assert_false(core_order_of("chaotic", &order));
}

static void
refusals_say_what_to_do(void **in)
{
    (void)in;
    for (unsigned i = 0; i < CORE_REFUSAL_COUNT; i++) {
        enum core_refusal refusal = (enum core_refusal)i;
        int status = core_refusal_http_status(refusal);
        int code = core_refusal_exit_code(refusal);
        assert_true(core_refusal_name(refusal)[0] != '\0');
        assert_true(strlen(core_refusal_meaning(refusal)) > 10);
        assert_true(code == 2 || code == 3);
        assert_int_equal(code == 2, status == 400);
        assert_true(status == 400 || status == 404 || status == 409 || status == 503);
    }
    assert_string_equal(core_command_name(CORE_COMMAND_SET_ADD), "set add");
}

static void
there_are_seven_steps(void **in)
{
    static const char *const names[] = {"start",  "ready",   "connect", "disconnect",
                                        "finish", "drained", "destroy"};
    (void)in;
    assert_int_equal(CORE_STEP_COUNT, 7);
    for (unsigned i = 0; i < CORE_STEP_COUNT; i++) {
        assert_string_equal(core_step_name((enum core_step)i), names[i]);
        assert_true(core_step_meaning((enum core_step)i)[0] != '\0');
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_names_are_unique),    cmocka_unit_test(fields_are_unique_and_used),
        cmocka_unit_test(equality_sees_every_field), cmocka_unit_test(equality_sees_what_all_have),
        cmocka_unit_test(too_many_addresses),        cmocka_unit_test(orders),
        cmocka_unit_test(refusals_say_what_to_do),   cmocka_unit_test(there_are_seven_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
