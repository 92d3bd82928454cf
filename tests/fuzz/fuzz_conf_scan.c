/* The scan of a configuration's text: it ends, stays within the text, and counts lines right. */
#include <stdint.h>
#include "conf/scan.h"
#include "proxy/base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
walk(struct span text)
{
    struct scan scan;
    struct scan_token token;
    size_t words = 0;
    scan_init(&scan, text);
    do {
        scan_next(&scan, &token);
        CHECK(token.text.data >= text.data &&
              token.text.data + token.text.size <= text.data + text.size);
        CHECK(token.kind == SCAN_END || token.kind == SCAN_PROBLEM || token.text.size > 0);
        CHECK((token.kind == SCAN_PROBLEM) == (scan.problem != NULL));
        CHECK(words++ <= text.size);
    } while (token.kind != SCAN_END && token.kind != SCAN_PROBLEM);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scan_finding finding = {.problem = NULL};
    struct span text = {(const char *)data, size};
    walk(text);
    bool is_good = scan_check(text, &finding);
    CHECK(is_good == (finding.problem == NULL));
    for (unsigned line = 1; line < 8; line++) {
        CHECK(!scan_find_twin(text, line, &finding) || finding.other_line <= line);
    }
    return 0;
}
