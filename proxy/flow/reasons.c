#include "proxy/flow/reasons.h"

#include "proxy/base/check.h"

static const struct reason_facts reasons[REASON_COUNT] = {
#define REASON(name, text, status, meaning, advice)                                                \
    [REASON_##name] = {text, status, meaning, advice},
#include "proxy/flow/reasons.def"
#undef REASON
};

const struct reason_facts *
reason_facts(enum reason reason)
{
    CHECK(reason > REASON_NONE && reason < REASON_COUNT);
    return &reasons[reason];
}
