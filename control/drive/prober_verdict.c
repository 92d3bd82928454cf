/* What an answer means. Pure. */
#include "control/drive/prober_parts.h"

#include <stdio.h>

static const struct {
    const char *word;
    const char *meaning;
} probe_reasons[PROBE_REASON_COUNT] = {
#define PROBE_REASON(name, word, meaning) [PROBE_##name] = {word, meaning},
#include "control/drive/probe_reasons.def"
#undef PROBE_REASON
};

const char *
probe_reason_word(enum probe_reason reason)
{
    return (unsigned)reason < PROBE_REASON_COUNT ? probe_reasons[reason].word : "unknown";
}

const char *
probe_reason_meaning(enum probe_reason reason)
{
    return (unsigned)reason < PROBE_REASON_COUNT ? probe_reasons[reason].meaning : "";
}

enum { VERDICT_VALUE_SIZE = 80 };

/* A peer's value, cut, with what is not printable ASCII as '?'. */
static const char *
printable(struct span value, char out[VERDICT_VALUE_SIZE])
{
    size_t size = value.size < VERDICT_VALUE_SIZE - 1 ? value.size : VERDICT_VALUE_SIZE - 1;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)value.data[i];
        out[i] = c >= 0x20 && c < 0x7f ? (char)c : '?';
    }
    out[size] = '\0';
    return out;
}

static enum probe_reason
verdict_of_status(const struct wire_response *response, char detail[PROBE_DETAIL_SIZE])
{
    char value[VERDICT_VALUE_SIZE];
    const struct field *location = field_list_find(&response->fields, FIELD_LOCATION, NULL);
    if (response->status >= 300 && response->status < 400 && location != NULL) {
        snprintf(detail, PROBE_DETAIL_SIZE, "%u to %s", response->status,
                 printable(field_value(location), value));
        return PROBE_REDIRECTED;
    }
    snprintf(detail, PROBE_DETAIL_SIZE, "%u %s", response->status,
             printable(response->phrase, value));
    return PROBE_BAD_STATUS;
}

enum probe_reason
verdict_of_head(const struct probe *probe, const struct wire_response *response,
                char detail[PROBE_DETAIL_SIZE])
{
    if (!conf_statuses_have(&probe->health->expect, response->status)) {
        return verdict_of_status(response, detail);
    }
    if (probe->health->build_header[0] == '\0') {
        return PROBE_PASSED;
    }
    const struct field *field =
        field_list_find_name(&response->fields, span_of(probe->health->build_header));
    if (field == NULL) {
        snprintf(detail, PROBE_DETAIL_SIZE, "no %.100s in the answer", probe->health->build_header);
        return PROBE_NO_BUILD;
    }
    if (!span_equal(field_value(field), span_of(probe->build))) {
        char value[VERDICT_VALUE_SIZE];
        snprintf(detail, PROBE_DETAIL_SIZE, "said %s, declared %.80s",
                 printable(field_value(field), value), probe->build);
        return PROBE_WRONG_BUILD;
    }
    return PROBE_PASSED;
}

enum probe_reason
verdict_of_connect(enum err err)
{
    /* Another error has no reason of its own; the detail says what the system said. */
    if (err == ERR_REFUSED || err == ERR_NOT_FOUND) {
        return PROBE_CONNECT_REFUSED;
    }
    if (err == ERR_UNREACHABLE) {
        return PROBE_CONNECT_UNREACHABLE;
    }
    if (err == ERR_TIMEOUT) {
        return PROBE_CONNECT_TIMEOUT;
    }
    return err == ERR_LIMIT || err == ERR_NO_MEMORY ? PROBE_OUT_OF_RESOURCES : PROBE_CONNECT_FAILED;
}
