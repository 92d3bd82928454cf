/* The events of docs/log.md, made from proxy/base/log.def. */
#include <stdio.h>

static void
row(const char *name, const char *level, const char *meaning)
{
    printf("| `%s` | %s | %s |\n", name, level, meaning);
}

int
main(void)
{
    fputs("| event | level | meaning |\n| --- | --- | --- |\n", stdout);
#define LOG_EVENT(name, level, meaning) row(#name, #level, meaning);
#include "proxy/base/log.def"
#undef LOG_EVENT
    return 0;
}
