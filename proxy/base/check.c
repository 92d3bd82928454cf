#include "proxy/base/check.h"

#include <stdio.h>
#include <stdlib.h>

void
check_fail(const char *claim, const char *file, int line, const char *function)
{
    fprintf(stderr, "turnout: broken invariant: %s (%s:%d, %s); please report this\n", claim, file,
            line, function);
    abort();
}
