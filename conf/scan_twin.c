#include "conf/scan.h"

#include "proxy/base/buf.h"

/* A name and the group that it stands in, groups being numbered as they open. */
struct named {
    unsigned group;
    unsigned line;
    struct span text;
};

struct names {
    struct buf all; /* of struct named */
    unsigned group_of[SCAN_DEPTH_MAX + 1];
    size_t depth;
    unsigned groups;
};

static const struct named *
named_before(const struct names *names, const struct named *one)
{
    const struct named *all = (const struct named *)(const void *)buf_span(&names->all).data;
    size_t count = buf_size(&names->all) / sizeof(*one);
    for (size_t i = 0; i < count; i++) {
        if (all[i].group == one->group && span_equal(all[i].text, one->text)) {
            return &all[i];
        }
    }
    return NULL;
}

static void
follow_brackets(struct names *names, const struct scan_token *token)
{
    char sign = token->text.data[0];
    if ((sign == '{' || sign == '(' || sign == '[') && names->depth < SCAN_DEPTH_MAX) {
        names->group_of[++names->depth] = ++names->groups;
    } else if ((sign == '}' || sign == ')' || sign == ']') && names->depth > 0) {
        names->depth--;
    }
}

bool
scan_find_twin(struct span text, unsigned line, struct scan_finding *finding)
{
    struct scan scan;
    struct scan_token token;
    struct names names = {.depth = 0};
    const struct named *first = NULL;
    buf_init(&names.all);
    scan_init(&scan, text);
    struct scan_token before = {SCAN_END, 0, SPAN("")};
    for (;;) {
        scan_next(&scan, &token);
        if (token.kind == SCAN_END || token.kind == SCAN_PROBLEM || before.line > line) {
            break;
        }
        if (token.kind == SCAN_SIGN && before.kind == SCAN_NAME &&
            strchr("=:", token.text.data[0]) != NULL) {
            struct named one = {names.group_of[names.depth], before.line, before.text};
            first = before.line == line ? named_before(&names, &one) : NULL;
            if (first != NULL || !buf_append(&names.all, &one, sizeof(one))) {
                break;
            }
        }
        if (token.kind == SCAN_SIGN) {
            follow_brackets(&names, &token);
        }
        before = token;
    }
    if (first != NULL) {
        *finding = (struct scan_finding){line, before.text, "given twice; keep one", first->line};
    }
    buf_fini(&names.all);
    return first != NULL;
}
