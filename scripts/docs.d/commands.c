/* The whole of docs/commands.md, as `turnout help markdown` prints it. */
#include <stdio.h>
#include "control/cli/command.h"

int
main(void)
{
    struct buf page;
    buf_init(&page);
    bool is_fine = cli_document(&page) && buf_string(&page) != NULL;
    if (is_fine) {
        fputs(buf_string(&page), stdout);
    }
    buf_fini(&page);
    return is_fine ? 0 : 1;
}
