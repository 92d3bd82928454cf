#include "proxy/wire/reason.h"

#include "proxy/base/check.h"

struct reason_row {
    const char *name;
    const char *text;
    const char *section;
    unsigned status;
};

static const struct reason_row reason_rows[WIRE_REASON_COUNT] = {
    [WIRE_REASON_NONE] = {"none", "nothing is wrong", "", 200},
#define REASON(id, name, status, text, section) [WIRE_REASON_##id] = {name, text, section, status},
#include "proxy/wire/reasons.def"
#undef REASON
};

static const struct reason_row *
reason_row(enum wire_reason reason)
{
    CHECK((unsigned)reason < WIRE_REASON_COUNT);
    return &reason_rows[reason];
}

const char *
wire_reason_name(enum wire_reason reason)
{
    return reason_row(reason)->name;
}

unsigned
wire_reason_status(enum wire_reason reason)
{
    return reason_row(reason)->status;
}

const char *
wire_reason_text(enum wire_reason reason)
{
    return reason_row(reason)->text;
}

const char *
wire_reason_section(enum wire_reason reason)
{
    return reason_row(reason)->section;
}
