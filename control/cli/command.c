#include "control/cli/command.h"

#include <string.h>
#include "control/cli/cli.h"
#include "proxy/base/near.h"
#include "proxy/base/check.h"

#define OPTION(name)  (1U << CLI_OPTION_##name)
#define IS_LATER(run) (sizeof(#run) == sizeof("later") && #run[0] == 'l')

static const struct cli_option_facts options[CLI_OPTION_COUNT] = {
#define CLI_OPTION(name, typed, kind, value, help) {typed, CLI_KIND_##kind, value, help},
#include "control/cli/options.def"
#undef CLI_OPTION
};

static const struct cli_command commands[CLI_COMMAND_COUNT] = {
#define CLI_COMMAND(name, typed, arguments, options, run, summary, help)                           \
    {typed, arguments, options, IS_LATER(run), cli_run_##run, summary, help},
#include "control/cli/commands.def"
#undef CLI_COMMAND
};

const struct cli_command *
cli_command_at(enum cli_command_id id)
{
    CHECK((unsigned)id < CLI_COMMAND_COUNT);
    return &commands[id];
}

const struct cli_option_facts *
cli_option_at(enum cli_option option)
{
    CHECK((unsigned)option < CLI_OPTION_COUNT);
    return &options[option];
}

/* How many of the words are the command's name; 0 if they are not. */
static size_t
command_match(const struct cli_command *command, const char *const *words, size_t count)
{
    const char *rest = command->typed;
    size_t used = 0;
    while (used < count) {
        size_t size = strcspn(rest, " ");
        if (strlen(words[used]) != size || memcmp(words[used], rest, size) != 0) {
            return 0;
        }
        used++;
        if (rest[size] == '\0') {
            return used;
        }
        rest += size + 1;
    }
    return 0;
}

const struct cli_command *
cli_command_find(const char *const *words, size_t count, size_t *used)
{
    for (size_t i = 0; i < CLI_COMMAND_COUNT; i++) {
        *used = command_match(&commands[i], words, count);
        if (*used > 0) {
            return &commands[i];
        }
    }
    return NULL;
}

const char *
cli_command_nearest(const char *word)
{
    const char *nearest = NULL;
    size_t least = 3; /* more than two slips is another word */
    for (size_t i = 0; i < CLI_COMMAND_COUNT; i++) {
        char first[NEAR_WORD_MAX + 1];
        struct span name = {commands[i].typed, strcspn(commands[i].typed, " ")};
        CHECK(span_to_string(name, first, sizeof(first)));
        size_t distance = near_distance(word, first);
        if (distance < least) {
            least = distance;
            nearest = commands[i].typed;
        }
    }
    return nearest;
}

void
cli_command_arity(const struct cli_command *command, size_t *least, size_t *most)
{
    *least = 0;
    *most = 0;
    bool is_optional = false;
    for (const char *c = command->arguments; *c != '\0'; c++) {
        bool is_begin = c == command->arguments || c[-1] == ' ';
        if (is_begin && *c == '[') {
            is_optional = true;
        }
        if (is_begin && *most != SIZE_MAX) {
            *most += 1;
            *least += is_optional ? 0 : 1;
        }
        if (strncmp(c, "...", 3) == 0) {
            *most = SIZE_MAX;
        }
        if (*c == ']') {
            is_optional = false;
        }
    }
}
