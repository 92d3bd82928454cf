#include "control/api/page.h"

#include <stdio.h>
#include <string.h>
#include "control/api/view_json.h"
#include "proxy/base/clock.h"

bool
page_text(struct buf *out, const char *text)
{
    bool is_fine = true;
    for (const char *c = text; *c != '\0' && is_fine; c++) {
        const char *escaped = *c == '<'                                  ? "&lt;"
                              : *c == '>'                                ? "&gt;"
                              : *c == '&'                                ? "&amp;"
                              : *c == '"'                                ? "&quot;"
                              : *c == '\''                               ? "&#39;"
                              : (unsigned char)*c < 0x20 || *c == '\x7f' ? "?"
                                                                         : NULL;
        is_fine = escaped != NULL ? buf_append_text(out, escaped) : buf_append(out, c, 1);
    }
    return is_fine;
}

/* A text between two pieces of markup. */
static bool
page_piece(struct buf *out, const char *before, const char *text, const char *after)
{
    return buf_append_text(out, before) && page_text(out, text) && buf_append_text(out, after);
}

/* "12:00:03 UTC", with the day when it is not today's. */
static void
page_time(uint64_t wall_us, uint64_t now_us, char out[40])
{
    char text[CLOCK_RFC3339_SIZE];
    char today[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(wall_us, text);
    clock_format_rfc3339(now_us, today);
    bool is_today = memcmp(text, today, 10) == 0;
    snprintf(out, 40, "%.*s%s%.8s UTC", is_today ? 0 : 10, text, is_today ? "" : " ", text + 11);
}

static bool
page_head(const struct runner_view *view, struct buf *out)
{
    char now[40];
    page_time(view->now_us, view->now_us, now);
    return buf_append_text(
               out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                    "<meta http-equiv=\"refresh\" content=\"5\">\n<title>Turnout ") &&
           page_piece(out, "", view->node, "</title>\n<style>\n") &&
           buf_append_text(out, page_style()) &&
           buf_append_text(
               out,
               "</style>\n</head>\n<body>\n<header>\n<h1>"
               "<svg viewBox=\"0 0 30 22\" fill=\"none\" stroke=\"currentColor\" "
               "stroke-width=\"3\" "
               "stroke-linecap=\"round\" aria-hidden=\"true\"><path d=\"M2 17h26\"/>"
               "<path d=\"M2 17c10 0 12-12 26-12\" opacity=\".55\"/></svg>Turnout</h1>\n<dl>\n") &&
           page_piece(out, "<div><dt>node</dt><dd>", view->node, "</dd></div>\n") &&
           buf_printf(out, "<div><dt>epoch</dt><dd>%llu</dd></div>\n",
                      (unsigned long long)view->epoch) &&
           page_piece(out, "<div><dt>as of</dt><dd>", now,
                      "</dd></div>\n</dl>\n</header>\n<main>\n");
}

static bool
page_alarms(const struct runner_view *view, struct buf *out)
{
    bool is_fine = true;
    if (view->is_stopping) {
        is_fine = buf_append_text(out, "<p class=\"alarm\">This node is stopping.</p>\n");
    }
    if (!view->is_journal_writable) {
        is_fine =
            is_fine &&
            page_piece(out,
                       "<p class=\"alarm\">The journal cannot be written; changes are refused: ",
                       view->journal_error, "</p>\n");
    }
    return is_fine;
}

static const struct runner_view_set *
page_find(const struct runner_view_role *role, enum runner_view_place place)
{
    for (size_t i = 0; i < role->set_count; i++) {
        if (role->sets[i].place == place) {
            return &role->sets[i];
        }
    }
    return NULL;
}

static const char *
page_health_class(const struct runner_view_set *set)
{
    return set->healthy == 0 ? "bad" : set->healthy < set->instance_count ? "warn" : "good";
}

static bool
page_live(const struct runner_view_set *live, struct buf *out)
{
    if (live == NULL) {
        return buf_append_text(out, "<div class=\"fact\"><span>live</span><b>-</b></div>\n");
    }
    return page_piece(out, "<div class=\"fact\"><span>live</span><b class=\"build\">", live->build,
                      "</b></div>\n") &&
           buf_printf(
               out,
               "<div class=\"fact\"><span>healthy</span><b class=\"pill %s\">%u/%u</b></div>\n",
               page_health_class(live), live->healthy, live->instance_count) &&
           buf_printf(out, "<div class=\"fact\"><span>in flight</span><b>%llu</b></div>\n",
                      (unsigned long long)live->in_flight);
}

static bool
page_candidate(const struct runner_view_set *candidate, struct buf *out)
{
    if (candidate == NULL) {
        return true;
    }
    unsigned bp = candidate->weight_bp;
    return page_piece(out, "<div class=\"fact\"><span>candidate</span><b class=\"build\">",
                      candidate->build, "</b>") &&
           buf_printf(out,
                      " <small>%u.%02u%%</small><div class=\"bar\"><i "
                      "style=\"width:%u.%02u%%\"></i></div></div>\n",
                      bp / 100, bp % 100, bp / 100, bp % 100);
}

static bool
page_cutover(const struct runner_view_role *role, uint64_t now_us, struct buf *out)
{
    const struct runner_view_cutover *cutover = &role->last_cutover;
    char at[40];
    if (cutover->id == NULL) {
        return true;
    }
    page_time(cutover->at_us, now_us, at);
    const char *from = cutover->from == NULL || cutover->from[0] == '\0' ? "-" : cutover->from;
    return page_piece(out, "<div class=\"fact\"><span>last cutover</span><b class=\"build\">", from,
                      " → ") &&
           page_piece(out, "", cutover->to, "</b> ") &&
           page_piece(out, "<small>", cutover->result, ", ") &&
           page_piece(out, "", at, "</small></div>\n");
}

/* What runs, waits or is shut, each as a line of its own. */
static bool
page_notes(const struct runner_view_role *role, uint64_t now_us, struct buf *out)
{
    bool is_fine = true;
    char at[40];
    const struct runner_view_operation *operation = &role->operation;
    if (operation->id != NULL) {
        page_time(operation->since_us, now_us, at);
        is_fine = page_piece(out, "<p class=\"note\"><span class=\"pill warn\">", operation->kind,
                             "</span> ") &&
                  page_piece(out, "", operation->step, ", by ") &&
                  page_piece(out, "", operation->by, ", since ") &&
                  page_piece(out, "", at, "</p>\n");
    }
    if (role->is_held && is_fine) {
        is_fine = buf_printf(out,
                             "<p class=\"note\"><span class=\"pill warn\">held</span> %llu "
                             "requests wait at the door</p>\n",
                             (unsigned long long)role->parked);
    }
    if (role->is_in_maintenance && is_fine) {
        is_fine = page_piece(out, "<p class=\"note\"><span class=\"pill warn\">maintenance</span> ",
                             role->maintenance_message, "</p>\n");
    }
    return is_fine;
}

static bool
page_instance(const struct runner_view_instance *instance, uint64_t now_us, struct buf *out)
{
    char at[40] = "not yet";
    const char *state = instance->is_up ? "up" : instance->is_checked ? "down" : "unknown";
    const char *class = instance->is_up ? "good" : instance->is_checked ? "bad" : "";
    if (instance->checked_at_us != 0) {
        page_time(instance->checked_at_us, now_us, at);
    }
    bool has_reason = instance->reason != NULL && instance->reason[0] != '\0';
    bool has_detail = has_reason && instance->detail != NULL && instance->detail[0] != '\0';
    return page_piece(out, "<tr><td class=\"mono\">", instance->address, "</td>") &&
           buf_printf(out, "<td><span class=\"pill %s\">%s</span></td><td></td><td>%s</td>", class,
                      state, at) &&
           page_piece(out, "<td class=\"why\">", has_reason ? instance->reason : "",
                      has_detail ? ": " : "") &&
           page_piece(out, "", has_detail ? instance->detail : "", "</td></tr>\n");
}

static bool
page_set(const struct runner_view_set *set, uint64_t now_us, struct buf *out)
{
    char name[VIEW_SET_NAME_SIZE];
    char until[40] = "";
    const char *class = strcmp(set->state, "live") == 0 || strcmp(set->state, "ready") == 0 ? "good"
                        : strcmp(set->state, "failed") == 0                                 ? "bad"
                                                                                            : "";
    bool is_fine = page_piece(out, "<tbody><tr class=\"set\"><td class=\"mono\">",
                              view_set_name(set, name), "</td>") &&
                   buf_printf(out,
                              "<td><span class=\"pill %s\">%s</span></td><td "
                              "class=\"n\">%llu</td><td>%u/%u healthy</td><td>",
                              class, set->state, (unsigned long long)set->in_flight, set->healthy,
                              set->instance_count);
    if (set->rollback_until_us != 0 && is_fine) {
        page_time(set->rollback_until_us, now_us, until);
        is_fine = page_piece(out, "<small>can be gone back to until ", until, "</small>");
    }
    if (set->reason[0] != '\0' && is_fine) {
        is_fine = page_piece(out, " <small>", set->reason, "</small>");
    }
    if (set->is_bad && is_fine) {
        is_fine = buf_append_text(out, " <span class=\"pill bad\">marked bad</span>");
    }
    is_fine = is_fine && buf_append_text(out, "</td></tr>\n");
    for (uint32_t i = 0; i < set->instance_count && is_fine; i++) {
        is_fine = page_instance(&set->instances[i], now_us, out);
    }
    return is_fine && buf_append_text(out, "</tbody>\n");
}

static bool
page_sets(const struct runner_view_role *role, uint64_t now_us, struct buf *out)
{
    bool is_fine = true;
    bool is_open = false;
    for (size_t i = 0; i < role->set_count && is_fine; i++) {
        const struct runner_view_set *set = &role->sets[i];
        if (strcmp(set->state, "retired") == 0) {
            continue;
        }
        if (!is_open) {
            is_fine = buf_append_text(
                out,
                "<div class=\"scroll\"><table><thead><tr><th>set and instances</th><th>state</th>"
                "<th class=\"n\">in flight</th><th>checked</th><th>why not</th></tr></thead>\n");
            is_open = true;
        }
        is_fine = is_fine && page_set(set, now_us, out);
    }
    return is_fine && (!is_open || buf_append_text(out, "</table></div>\n"));
}

static bool
page_role(const struct runner_view_role *role, uint64_t now_us, struct buf *out)
{
    return page_piece(out, "<article>\n<div class=\"top\">\n<div class=\"who\"><h2>", role->name,
                      "<small>") &&
           page_piece(out, "", role->kind, "</small></h2></div>\n") &&
           page_live(page_find(role, RUNNER_VIEW_LIVE), out) &&
           page_candidate(page_find(role, RUNNER_VIEW_CANDIDATE), out) &&
           page_cutover(role, now_us, out) && buf_append_text(out, "</div>\n") &&
           page_notes(role, now_us, out) && page_sets(role, now_us, out) &&
           buf_append_text(out, "</article>\n");
}

bool
page_write(const struct runner_view *view, struct buf *out)
{
    bool is_fine = page_head(view, out) && page_alarms(view, out);
    for (size_t i = 0; i < view->role_count && is_fine; i++) {
        is_fine = page_role(&view->roles[i], view->now_us, out);
    }
    return is_fine &&
           buf_append_text(out, "</main>\n<footer>turnout " TURNOUT_VERSION
                                " · read-only · refreshes every 5 seconds · "
                                "<a href=\"/metrics\">metrics</a></footer>\n</body>\n</html>\n");
}
