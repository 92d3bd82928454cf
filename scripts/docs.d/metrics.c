/* The metrics of docs/api.md, made from control/api/metrics.def. */
#include <stdio.h>

#define GAUGE       "gauge"
#define COUNTER     "counter"
#define HISTOGRAM   "histogram"
#define INFO        "`version`, `node`"
#define NODE        ""
#define ROLE        "`role`"
#define CUTOVER     "`role`"
#define REASON      "`role`, `reason`"
#define SET         "`role`, `build`, `digest`"
#define WAY         "`role`, `build`, `digest`, `way`"
#define DURATIONS   "`role`, `build`, `digest`, `le`"
#define INSTANCE    "`role`, `build`, `digest`, `upstream`"
#define CODE        "`role`, `build`, `digest`, `upstream`, `code`"
#define CERTIFICATE "`listener`, `names`, `file`"

int
main(void)
{
    fputs("| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n", stdout);
#define METRIC(name, type, scope, value, help)                                                     \
    printf("| `%s` | %s | %s | %s |\n", name, type, scope, help);
#include "control/api/metrics.def"
#undef METRIC
    return 0;
}
