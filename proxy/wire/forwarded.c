#include "proxy/wire/forwarded.h"

void
forwarded_init(struct forwarded *walk, const struct field_list *fields)
{
    *walk = (struct forwarded){.fields = fields, .next = fields->count, .rest = {"", 0}};
}

/* Moves on to the field before; false when there is none. */
static bool
take_field(struct forwarded *walk)
{
    while (walk->next > 0) {
        const struct field *field = &walk->fields->items[--walk->next];
        if (field->id == FIELD_FORWARDED_FOR && field->value_size > 0) {
            walk->rest = field_value(field);
            return true;
        }
    }
    return false;
}

/* Takes the last element of the current field off. */
static struct span
take_last(struct span *rest)
{
    const char *comma = memrchr(rest->data, ',', rest->size);
    size_t start = comma == NULL ? 0 : (size_t)(comma - rest->data) + 1;
    struct span last = {rest->data + start, rest->size - start};
    rest->size = comma == NULL ? 0 : start - 1;
    return span_trim(last);
}

/* "[::1]:80" and "[::1]" are ::1, "192.0.2.1:80" is 192.0.2.1; a bare IPv6 address has several
 * colons and stays. */
static struct span
without_port(struct span text)
{
    if (text.size > 0 && text.data[0] == '[') {
        const char *close = memchr(text.data, ']', text.size);
        return close == NULL ? text : (struct span){text.data + 1, (size_t)(close - text.data) - 1};
    }
    const char *colon = text.size == 0 ? NULL : memchr(text.data, ':', text.size);
    if (colon == NULL || memrchr(text.data, ':', text.size) != colon) {
        return text;
    }
    return (struct span){text.data, (size_t)(colon - text.data)};
}

bool
forwarded_next(struct forwarded *walk, struct span *address)
{
    for (;;) {
        if (walk->rest.size == 0 && !take_field(walk)) {
            return false;
        }
        struct span last = take_last(&walk->rest);
        if (last.size > 0) {
            *address = without_port(last);
            return true;
        }
    }
}
