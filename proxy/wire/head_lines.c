#include "proxy/wire/head_lines.h"

#include "proxy/wire/scan.h"

enum {
    CONNECTION_OPTIONS_MAX = 32,
    CODINGS_MAX = 8,
};

enum wire_result
head_read_line_end(struct head_reader *reader, enum wire_reason otherwise)
{
    if (reader->at == reader->end) {
        return WIRE_MORE;
    }
    if (*reader->at != '\r') {
        return head_refuse(reader, *reader->at == '\n' ? WIRE_REASON_BARE_LF : otherwise);
    }
    if (reader->end - reader->at < 2) {
        return WIRE_MORE;
    }
    if (reader->at[1] != '\n') {
        return head_refuse(reader, WIRE_REASON_BARE_CR);
    }
    reader->at += 2;
    return WIRE_DONE;
}

/* What a name of the table, and what a name like it but for `_`, is marked with: CGI-like servers
 * take the one for the other. */
#define FLAG_PLAIN      0
#define FLAG_CONTROL    0
#define FLAG_FORWARDING 0
#define FLAG_HOP        FIELD_FLAG_HOP
#define FLAG_FRAMING    0
#define LIKE_PLAIN      0
#define LIKE_CONTROL    0
#define LIKE_FORWARDING FIELD_FLAG_LOOKALIKE
#define LIKE_HOP        FIELD_FLAG_HOP
#define LIKE_FRAMING    FIELD_FLAG_HOP

static const uint8_t flags_of[FIELD_COUNT] = {
#define FIELD(id, name, class) [FIELD_##id] = FLAG_##class,
#include "proxy/wire/fields.def"
#undef FIELD
};

static const uint8_t flags_like[FIELD_COUNT] = {
#define FIELD(id, name, class) [FIELD_##id] = LIKE_##class,
#include "proxy/wire/fields.def"
#undef FIELD
};

/* What a second line of a field that may stand only once is refused for. */
static enum wire_reason
repeat_reason(enum field_id id)
{
    return id == FIELD_HOST                ? WIRE_REASON_MULTIPLE_HOST
           : id == FIELD_CONTENT_LENGTH    ? WIRE_REASON_MULTIPLE_LENGTH
           : id == FIELD_TRANSFER_ENCODING ? WIRE_REASON_BAD_CODING
                                           : WIRE_REASON_NONE;
}

/* The first character of a line says what is wrong when no name begins there. */
static enum wire_reason
name_reason(const char *line, const char *stop)
{
    if (stop != line) {
        return WIRE_REASON_BAD_NAME;
    }
    return *line == ' ' || *line == '\t' ? WIRE_REASON_OBS_FOLD
           : *line == '\n'               ? WIRE_REASON_BARE_LF
                                         : WIRE_REASON_BAD_NAME;
}

/* Reads "name: value CRLF" at the reader into *field, all but its id. */
static inline enum wire_result
read_line(struct head_reader *reader, struct field *field)
{
    const char *line = reader->at;
    const char *end = reader->end;
    const char *colon = scan_name(line, end);
    field->flags = 0;
    if (colon < end && *colon != ':') {
        colon = scan_over(colon, end, SCAN_TOKEN);
        field->flags = flags_like[field_id_like((struct span){line, (size_t)(colon - line)})];
    }
    if (colon == end) {
        return WIRE_MORE;
    }
    if (*colon != ':' || colon == line || colon - line > UINT16_MAX) {
        return head_refuse(reader, name_reason(line, colon));
    }
    const char *value = colon + 1;
    while (value < end && (*value == ' ' || *value == '\t')) {
        value++;
    }
    const char *stop = scan_value(value, end);
    reader->at = stop + 2;
    if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n') {
        reader->at = stop;
        return head_read_line_end(reader, WIRE_REASON_BAD_VALUE);
    }
    while (stop > value && (stop[-1] == ' ' || stop[-1] == '\t')) {
        stop--;
    }
    field->line = line;
    field->line_size = (uint32_t)(reader->at - line);
    field->value_at = (uint32_t)(value - line);
    field->value_size = (uint32_t)(stop - value);
    field->name_size = (uint16_t)(colon - line);
    return WIRE_DONE;
}

/* Reads one field, or with *is_last the empty line behind the last one. */
static inline enum wire_result
read_field(struct head_reader *reader, struct field_list *list, uint32_t fields_max, bool *is_last)
{
    if (reader->at == reader->end) {
        return WIRE_MORE;
    }
    if (*reader->at == '\r') {
        *is_last = true;
        return head_read_line_end(reader, WIRE_REASON_BAD_NAME);
    }
    if (list->count == fields_max) {
        return head_refuse(reader, WIRE_REASON_TOO_MANY_FIELDS);
    }
    struct field *field = &list->items[list->count];
    enum wire_result result = read_line(reader, field);
    if (result != WIRE_DONE) {
        return result;
    }
    enum field_id id = field_id_of(field_name(field));
    uint64_t bit = FIELD_BIT(id);
    if ((list->present & bit) != 0 && repeat_reason(id) != WIRE_REASON_NONE) {
        return head_refuse(reader, repeat_reason(id));
    }
    field->id = (uint8_t)id;
    field->flags |= flags_of[id];
    if ((list->present & bit) == 0) {
        list->present |= bit;
        list->first[id] = (uint16_t)list->count;
    }
    list->count++;
    return WIRE_DONE;
}

enum wire_result
head_read_fields(struct head_reader *reader, struct field_list *list,
                 const struct wire_limits *limits)
{
    uint32_t fields_max = limits->fields < WIRE_FIELDS_MAX ? limits->fields : WIRE_FIELDS_MAX;
    bool is_last = false;
    while (!is_last) {
        enum wire_result result = read_field(reader, list, fields_max, &is_last);
        if (result != WIRE_DONE) {
            return result;
        }
    }
    return WIRE_DONE;
}

static void
mark_named(struct field_list *list, struct span name)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (span_equal_nocase(field_name(&list->items[i]), name)) {
            list->items[i].flags |= FIELD_FLAG_HOP;
        }
    }
}

static void
take_option(struct field_list *list, struct span option, struct head_connection *out)
{
    enum field_id id = field_id_of(option);
    enum field_class class = field_id_class(id);
    if (id == FIELD_KEEP_ALIVE) {
        out->has_keep_alive = true;
    } else if (id == FIELD_UPGRADE) {
        out->has_upgrade = true;
    } else if (span_equal_nocase(option, SPAN("close"))) {
        out->has_close = true;
    } else if (class != FIELD_CLASS_FRAMING && class != FIELD_CLASS_FORWARDING) {
        mark_named(list, option);
    }
}

bool
head_read_connection(struct head_reader *reader, struct field_list *list,
                     struct head_connection *out)
{
    *out = (struct head_connection){0};
    unsigned count = 0;
    const struct field *field = NULL;
    while ((field = field_list_find(list, FIELD_CONNECTION, field)) != NULL) {
        struct span rest = field_value(field);
        struct span option;
        /* By far the most common value, and all of it. */
        if (field_id_of(rest) == FIELD_KEEP_ALIVE) {
            out->has_keep_alive = true;
            continue;
        }
        while (span_next_element(&rest, &option)) {
            if (++count > CONNECTION_OPTIONS_MAX) {
                head_refuse(reader, WIRE_REASON_CONNECTION_TOO_LONG);
                return false;
            }
            if (!field_is_token(option)) {
                head_refuse(reader, WIRE_REASON_BAD_CONNECTION);
                return false;
            }
            take_option(list, option, out);
        }
    }
    return true;
}

bool
head_read_length(struct head_reader *reader, const struct field_list *list, uint64_t *out)
{
    uint64_t length = 0;
    const struct field *field = field_list_find(list, FIELD_CONTENT_LENGTH, NULL);
    if (field == NULL || !span_to_u64(field_value(field), &length) || length > INT64_MAX) {
        head_refuse(reader, WIRE_REASON_BAD_LENGTH);
        return false;
    }
    *out = length;
    return true;
}

/* Other codings before one final chunked are well formed but unknown to us (501); everything else
 * leaves the end of the body unknown and is an error of the sender (400). */
static enum wire_reason
coding_reason(struct span value)
{
    struct span coding = {"", 0};
    unsigned count = 0;
    bool was_chunked = false;
    while (span_next_element(&value, &coding)) {
        bool is_odd = !field_is_token(coding) || span_equal_nocase(coding, SPAN("identity"));
        if (was_chunked || is_odd || ++count > CODINGS_MAX) {
            return WIRE_REASON_BAD_CODING;
        }
        was_chunked = span_equal_nocase(coding, SPAN("chunked"));
    }
    return was_chunked && count > 1 ? WIRE_REASON_UNKNOWN_CODING : WIRE_REASON_BAD_CODING;
}

bool
head_read_coding(struct head_reader *reader, const struct field_list *list)
{
    const struct field *field = field_list_find(list, FIELD_TRANSFER_ENCODING, NULL);
    if (field != NULL && span_equal_nocase(field_value(field), SPAN("chunked"))) {
        return true;
    }
    struct span value = field == NULL ? SPAN("") : field_value(field);
    head_refuse(reader, coding_reason(value));
    return false;
}
