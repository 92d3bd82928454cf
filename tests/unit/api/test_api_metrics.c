/* Metrics: the format, each count in its series, and no series of sets that are gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "control/api/metrics.h"
#include "proxy/engine.h"
#include "tests/unit/api/fake_view.h"

static struct ledger *ledger;

void
engine_count(const struct engine *engine, struct engine_counts *out)
{
    (void)engine;
    *out =
        (struct engine_counts){.connections = 5, .accepted = 1000000000, .access_log_dropped = 2};
}

uint64_t
engine_count_reason(const struct engine *engine, uint32_t role, enum reason reason)
{
    (void)engine;
    return role == 2 && reason == REASON_NO_ROUTE      ? 3
           : role == 0 && reason == REASON_NO_LIVE_SET ? 7
                                                       : 0;
}

const struct ledger *
engine_ledger(const struct engine *engine, uint64_t set_id)
{
    (void)engine;
    return set_id == 77 ? ledger : NULL;
}

static void
fill_ledger(void)
{
    assert_int_equal(ledger_new(77, 2, 2, &ledger), ERR_OK);
    for (unsigned w = 0; w < 2; w++) {
        struct ledger_cell *cell = &ledger->cells[w];
        ledger_add(&cell->begun[LEDGER_NORMAL], 10);
        ledger_add(&cell->ended[LEDGER_NORMAL], 8);
        ledger_add(&cell->bytes_out, 1000);
        ledger_add(&cell->instances[1].codes[2], 4);
        ledger_count_duration(cell, 1);
        ledger_count_duration(cell, 3600000000);
    }
}

static void
write_metrics(struct buf *out)
{
    static struct runner_view_set sets[3];
    static struct runner_view_role roles[2];
    static struct runner_view view;
    memcpy(sets, fake_sets, sizeof(sets));
    memcpy(roles, fake_roles, sizeof(roles));
    view = fake_view;
    sets[0].set_id = 77;
    roles[0].sets = sets;
    roles[0].name = "we\"b\\\n";
    view.roles = roles;
    const struct metrics_source source = {
        .view = &view, .engine = (const struct engine *)&view, .control_clients = 3};
    buf_init(out);
    assert_true(metrics_write(&source, out));
}

static void
test_series(void **state)
{
    static const char *const lines[] = {
        "turnout_info{version=\"" TURNOUT_VERSION "\",node=\"edge-1\"} 1\n",
        "\nturnout_journal_epoch 17\n",
        "\nturnout_connections_accepted_total 1000000000\n",
        "\nturnout_access_log_dropped_total 2\n",
        "\nturnout_control_clients 3\n",
        "\nturnout_reasons_total{role=\"we\\\"b\\\\\\n\",reason=\"no_live_set\"} 7\n",
        "\nturnout_reasons_total{role=\"\",reason=\"no_route\"} 3\n",
        "\nturnout_parked_requests{role=\"api\"} 3\n",
        "\nturnout_cutover_duration_seconds{role=\"we\\\"b\\\\\\n\"} 0.0025\n",
        "build=\"v1\",digest=\"11111111\",way=\"normal\"} 4\n",
        "build=\"v1\",digest=\"11111111\"} 2000\n",
        "build=\"v2\",digest=\"22222222\"} 0.025\n",
        "upstream=\"[::1]:9002\",code=\"2xx\"} 8\n",
        "upstream=\"127.0.0.1:9001\"} 1\n",
        "upstream=\"[::1]:9002\"} 0\n",
        "le=\"+Inf\"} 4\n",
        ("turnout_exchange_duration_seconds_count{role=\"we\\\"b\\\\\\n\",build=\"v1\",digest="
         "\"11111111\"} 4\n"),
    };
    struct buf out;
    (void)state;
    fill_ledger();
    write_metrics(&out);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (strstr(buf_string(&out), lines[i]) == NULL) {
            fail_msg("%s is not in\n%s", lines[i], buf_string(&out));
        }
    }
    assert_null(strstr(buf_string(&out), "v0"));
    buf_fini(&out);
    ledger_free(ledger);
}

/* Each metric has its help and type once, before its series, and all of its series together. */
static void
test_format(void **state)
{
    struct buf out;
    (void)state;
    fill_ledger();
    write_metrics(&out);
    char current[128] = "";
    const char *line = buf_string(&out);
    size_t helps = 0;
    while (*line != '\0') {
        size_t size = strcspn(line, "\n");
        assert_true(line[size] == '\n');
        char name[128];
        if (strncmp(line, "# ", 2) == 0) {
            assert_int_equal(sscanf(line + 7, "%127s", name), 1);
            helps += strncmp(line, "# HELP", 6) == 0 ? 1 : 0;
            memcpy(current, name, sizeof(name));
        } else {
            assert_int_equal(strncmp(line, current, strlen(current)), 0);
        }
        line += size + 1;
    }
    assert_int_equal(helps, metrics_count());
    buf_fini(&out);
    ledger_free(ledger);
}

static void
test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < metrics_count(); i++) {
        const struct metric *metric = metrics_at(i);
        size_t size = strlen(metric->name);
        bool is_total = size > 6 && strcmp(metric->name + size - 6, "_total") == 0;
        assert_int_equal(strncmp(metric->name, "turnout_", 8), 0);
        assert_true(is_total == (metric->type == METRIC_COUNTER));
        assert_null(strchr(metric->help, '\n'));
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(metrics_at(j)->name, metric->name);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_series),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
