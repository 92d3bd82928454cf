#include "control/core/command.h"
#include "proxy/base/check.h"

static const struct {
    const char *name;
    int exit_code;
    int http_status;
    const char *meaning;
} refusals[CORE_REFUSAL_COUNT] = {
#define REFUSAL(name, text, exit_code, http_status, meaning)                                       \
    [CORE_REFUSAL_##name] = {text, exit_code, http_status, meaning},
#include "control/core/refusals.def"
#undef REFUSAL
};

static const char *const command_names[CORE_COMMAND_COUNT] = {
#define COMMAND(name, text, meaning) [CORE_COMMAND_##name] = text,
#include "control/core/commands.def"
#undef COMMAND
};

const char *
core_refusal_name(enum core_refusal refusal)
{
    CHECK(refusal < CORE_REFUSAL_COUNT);
    return refusals[refusal].name;
}

int
core_refusal_exit_code(enum core_refusal refusal)
{
    CHECK(refusal < CORE_REFUSAL_COUNT);
    return refusals[refusal].exit_code;
}

int
core_refusal_http_status(enum core_refusal refusal)
{
    CHECK(refusal < CORE_REFUSAL_COUNT);
    return refusals[refusal].http_status;
}

const char *
core_refusal_meaning(enum core_refusal refusal)
{
    CHECK(refusal < CORE_REFUSAL_COUNT);
    return refusals[refusal].meaning;
}

const char *
core_command_name(enum core_command_kind kind)
{
    CHECK(kind < CORE_COMMAND_COUNT);
    return command_names[kind];
}
