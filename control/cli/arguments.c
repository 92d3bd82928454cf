#include <string.h>
#include "control/cli/cli.h"
#include "control/cli/values.h"

/* A walk over what was typed. */
struct reader {
    const char *const *words;
    size_t count;
    size_t next;
    struct cli_typed *out;
    struct buf *error;
    bool has_only_arguments; /* behind "--" */
};

static bool reader_fail(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool
reader_fail(struct reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    buf_vprintf(reader->error, format, arguments);
    va_end(arguments);
    return false;
}

/* The option that a word names, as "--timeout" or "--timeout=5s". */
static bool
option_find(const char *word, enum cli_option *option, const char **value)
{
    size_t size = strcspn(word, "=");
    for (unsigned i = 0; i < CLI_OPTION_COUNT; i++) {
        const char *typed = cli_option_at((enum cli_option)i)->typed;
        if (strlen(typed) == size && memcmp(typed, word, size) == 0) {
            *option = (enum cli_option)i;
            *value = word[size] == '=' ? word + size + 1 : NULL;
            return true;
        }
    }
    return false;
}

static bool
option_read_value(struct reader *reader, enum cli_option option, const char *text)
{
    const struct cli_option_facts *facts = cli_option_at(option);
    uint64_t *number = &reader->out->numbers[option];
    if (facts->kind == CLI_KIND_DURATION && !cli_duration(span_of(text), number)) {
        return reader_fail(reader, "--%s wants a duration such as 250ms, 5s, 10m or 1h, not \"%s\"",
                           facts->typed, text);
    }
    if (facts->kind == CLI_KIND_NUMBER && !span_to_u64(span_of(text), number)) {
        return reader_fail(reader, "--%s wants a whole number, not \"%s\"", facts->typed, text);
    }
    reader->out->texts[option] = text;
    return true;
}

static bool
reader_option(struct reader *reader, const char *word)
{
    enum cli_option option;
    const char *value;
    if (!option_find(word + 2, &option, &value)) {
        return reader_fail(reader, "unknown option %s; `turnout --help` lists them", word);
    }
    const struct cli_option_facts *facts = cli_option_at(option);
    if (reader->out->texts[option] != NULL) {
        return reader_fail(reader, "--%s is given twice", facts->typed);
    }
    if (facts->kind == CLI_KIND_FLAG) {
        reader->out->texts[option] = "";
        return value == NULL || reader_fail(reader, "--%s takes no value", facts->typed);
    }
    if (value == NULL && reader->next == reader->count) {
        return reader_fail(reader, "--%s wants a value: %s", facts->typed, facts->value);
    }
    return option_read_value(reader, option, value != NULL ? value : reader->words[reader->next++]);
}

static bool
reader_socket(struct reader *reader, const char *word)
{
    if (word[2] == '\0' && reader->next == reader->count) {
        return reader_fail(reader, "-s wants the path of the control socket");
    }
    reader->out->socket = word[2] != '\0' ? word + 2 : reader->words[reader->next++];
    return true;
}

static bool
reader_word(struct reader *reader)
{
    const char *word = reader->words[reader->next++];
    struct cli_typed *out = reader->out;
    if (reader->has_only_arguments || word[0] != '-' || word[1] == '\0') {
        if (out->argument_count == CLI_ARGUMENTS_MAX) {
            return reader_fail(reader, "more than %d arguments", CLI_ARGUMENTS_MAX);
        }
        out->arguments[out->argument_count++] = word;
        return true;
    }
    if (strcmp(word, "--") == 0) {
        return reader->has_only_arguments = true;
    }
    if (strncmp(word, "-s", 2) == 0) {
        return reader_socket(reader, word);
    }
    bool *flag = strcmp(word, "--json") == 0                              ? &out->is_json
                 : strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ? &out->wants_help
                 : strcmp(word, "--version") == 0                         ? &out->wants_version
                                                                          : NULL;
    if (flag != NULL) {
        return *flag = true;
    }
    if (strncmp(word, "--", 2) != 0) {
        return reader_fail(reader, "unknown option %s; `turnout --help` lists them", word);
    }
    return reader_option(reader, word);
}

/* The command's name is the first words that are not options. */
static bool
reader_command(struct reader *reader)
{
    struct cli_typed *out = reader->out;
    if (out->argument_count == 0) {
        return true;
    }
    size_t used;
    out->command = cli_command_find(out->arguments, out->argument_count, &used);
    if (out->command != NULL) {
        out->argument_count -= used;
        memmove(out->arguments, out->arguments + used,
                out->argument_count * sizeof(out->arguments[0]));
        return true;
    }
    const char *nearest = cli_command_nearest(out->arguments[0]);
    if (nearest == NULL) {
        return reader_fail(reader, "unknown command \"%s\"; `turnout --help` lists them",
                           out->arguments[0]);
    }
    return reader_fail(reader, "unknown command \"%s%s%s\"; did you mean `turnout %s`?",
                       out->arguments[0], out->argument_count > 1 ? " " : "",
                       out->argument_count > 1 ? out->arguments[1] : "", nearest);
}

/* What was typed, held against what the command takes. */
static bool
reader_check(struct reader *reader)
{
    struct cli_typed *out = reader->out;
    const struct cli_command *command = out->command;
    if (command == NULL || out->wants_help || command->is_later) {
        return true;
    }
    for (unsigned i = 0; i < CLI_OPTION_COUNT; i++) {
        if (out->texts[i] != NULL && (command->options & (1U << i)) == 0) {
            return reader_fail(reader, "`turnout %s` does not take --%s", command->typed,
                               cli_option_at((enum cli_option)i)->typed);
        }
    }
    size_t least;
    size_t most;
    cli_command_arity(command, &least, &most);
    if (out->argument_count < least || out->argument_count > most) {
        reader_fail(reader,
                    "%s arguments; usage: ", out->argument_count < least ? "too few" : "too many");
        cli_usage(command, reader->error);
        return false;
    }
    return true;
}

bool
cli_parse(const char *const *words, size_t count, struct cli_typed *out, struct buf *error)
{
    struct reader reader = {.words = words, .count = count, .out = out, .error = error};
    memset(out, 0, sizeof(*out));
    while (reader.next < reader.count) {
        if (!reader_word(&reader)) {
            return false;
        }
    }
    return reader_command(&reader) && reader_check(&reader);
}
