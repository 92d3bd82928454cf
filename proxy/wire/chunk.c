#include "proxy/wire/chunk.h"

#include "proxy/wire/field.h"
#include "proxy/wire/scan.h"

enum chunk_state {
    CHUNK_SIZE,      /* hexadecimal digits */
    CHUNK_SPACE,     /* white space that only an extension may follow */
    CHUNK_EXTENSION, /* from ';' to the CR */
    CHUNK_SIZE_CR,   /* the CR of a size line */
    CHUNK_SIZE_LF,
    CHUNK_BODY, /* data */
    CHUNK_BODY_CR,
    CHUNK_BODY_LF,
    CHUNK_LINE,       /* first byte of a trailer line or of the empty one */
    CHUNK_NAME,       /* a trailer's name and colon, collected in the decoder */
    CHUNK_NAME_READY, /* to be yielded from there */
    CHUNK_VALUE,      /* behind the colon, up to the CR */
    CHUNK_VALUE_LF,
    CHUNK_FINAL_LF,
    CHUNK_OVER,
    CHUNK_FAILED
};

/* A size below this can take one more digit without passing 2^60. */
static const uint64_t size_room = (uint64_t)1 << 56;

void
chunk_decoder_init(struct chunk_decoder *decoder, enum chunk_mode mode)
{
    memset(decoder, 0, sizeof(*decoder));
    decoder->mode = (uint8_t)mode;
    decoder->state = CHUNK_SIZE;
}

static const char *
fail(struct chunk_decoder *decoder, const char *at, enum wire_reason reason)
{
    decoder->state = CHUNK_FAILED;
    decoder->reason = (uint8_t)reason;
    return at;
}

/* One expected byte. */
static const char *
step_byte(struct chunk_decoder *decoder, const char *at, char wanted, enum chunk_state next,
          enum wire_reason reason)
{
    if (*at != wanted) {
        return fail(decoder, at, *at == '\n' ? WIRE_REASON_BARE_LF : reason);
    }
    decoder->state = (uint8_t)next;
    return at + 1;
}

static int
digit_value(char c)
{
    char lower = span_lower(c);
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* A byte that ends the digits. */
static const char *
end_size(struct chunk_decoder *decoder, const char *at)
{
    bool has_space = *at == ' ' || *at == '\t';
    if (decoder->digits == 0 || (*at != '\r' && *at != ';' && !has_space)) {
        return fail(decoder, at,
                    *at == '\n'            ? WIRE_REASON_BARE_LF
                    : decoder->digits == 0 ? WIRE_REASON_BAD_CHUNK_SIZE
                                           : WIRE_REASON_BAD_CHUNK_EXTENSION);
    }
    decoder->extension_size = 0;
    decoder->state = *at == '\r' ? CHUNK_SIZE_CR : *at == ';' ? CHUNK_EXTENSION : CHUNK_SPACE;
    return at;
}

static const char *
step_size(struct chunk_decoder *decoder, const char *at, const char *end)
{
    while (at < end) {
        int value = digit_value(*at);
        if (value < 0) {
            return end_size(decoder, at);
        }
        if (decoder->digits == CHUNK_DIGITS_MAX || decoder->left >= size_room) {
            return fail(decoder, at, WIRE_REASON_CHUNK_SIZE_OVERFLOW);
        }
        decoder->left = decoder->left << 4 | (unsigned)value;
        decoder->digits++;
        at++;
    }
    return at;
}

/* Bytes that the extensions of this line may still have. */
static size_t
extension_room(const struct chunk_decoder *decoder)
{
    size_t line = CHUNK_EXTENSION_MAX - decoder->extension_size;
    size_t sum = CHUNK_EXTENSION_SUM_MAX - decoder->extension_sum;
    return line < sum ? line : sum;
}

static const char *
step_space(struct chunk_decoder *decoder, const char *at)
{
    if (extension_room(decoder) == 0) {
        return fail(decoder, at, WIRE_REASON_CHUNK_EXTENSION_TOO_LONG);
    }
    if (*at == ' ' || *at == '\t') {
        decoder->extension_size++;
        decoder->extension_sum++;
        return at + 1;
    }
    if (*at != ';') {
        return fail(decoder, at, WIRE_REASON_BAD_CHUNK_EXTENSION);
    }
    decoder->state = CHUNK_EXTENSION;
    return at;
}

static const char *
step_extension(struct chunk_decoder *decoder, const char *at, const char *end)
{
    size_t room = extension_room(decoder);
    const char *stop = scan_value(at, (size_t)(end - at) > room ? at + room : end);
    size_t size = (size_t)(stop - at);
    decoder->extension_size = (uint16_t)(decoder->extension_size + size);
    decoder->extension_sum += (uint32_t)size;
    if (stop == end) {
        return stop;
    }
    if (*stop == '\r') {
        decoder->state = CHUNK_SIZE_CR;
        return stop;
    }
    if (size == room) {
        return fail(decoder, stop, WIRE_REASON_CHUNK_EXTENSION_TOO_LONG);
    }
    return fail(decoder, stop,
                *stop == '\n' ? WIRE_REASON_BARE_LF : WIRE_REASON_BAD_CHUNK_EXTENSION);
}

static const char *
step_body(struct chunk_decoder *decoder, const char *at, const char *end)
{
    size_t there = (size_t)(end - at);
    size_t size = there < decoder->left ? there : (size_t)decoder->left;
    decoder->left -= size;
    decoder->decoded += size;
    if (decoder->left == 0) {
        decoder->state = CHUNK_BODY_CR;
    }
    return at + size;
}

/* RFC 9110 section 6.5.1: what frames, routes, controls or authenticates is not believed behind the
 * body. */
static bool
is_forbidden(struct span name)
{
    enum field_id id = field_id_of(name);
    enum field_id like = field_id_like(name);
    return field_id_class(id) != FIELD_CLASS_PLAIN || field_id_class(like) != FIELD_CLASS_PLAIN;
}

static const char *
step_name(struct chunk_decoder *decoder, const char *at, const char *end)
{
    while (at < end && scan_is(*at, SCAN_TOKEN)) {
        if (decoder->name_size == CHUNK_NAME_MAX) {
            return fail(decoder, at, WIRE_REASON_TRAILERS_TOO_LARGE);
        }
        decoder->name[decoder->name_size++] = *at++;
    }
    if (at == end) {
        return at;
    }
    if (*at != ':' || decoder->name_size == 0) {
        return fail(decoder, at, *at == '\n' ? WIRE_REASON_BARE_LF : WIRE_REASON_BAD_TRAILER);
    }
    decoder->is_dropping = decoder->mode == CHUNK_DATA ||
                           is_forbidden((struct span){decoder->name, decoder->name_size});
    decoder->name[decoder->name_size++] = ':';
    decoder->state = decoder->is_dropping ? CHUNK_VALUE : CHUNK_NAME_READY;
    return at + 1;
}

static const char *
step_line(struct chunk_decoder *decoder, const char *at)
{
    if (*at == '\r') {
        decoder->state = CHUNK_FINAL_LF;
        return at + 1;
    }
    decoder->name_size = 0;
    decoder->state = CHUNK_NAME;
    return at;
}

static const char *
step_value(struct chunk_decoder *decoder, const char *at, const char *end)
{
    const char *stop = scan_value(at, end);
    return stop == end ? stop
                       : step_byte(decoder, stop, '\r', CHUNK_VALUE_LF, WIRE_REASON_BAD_TRAILER);
}

/* Trailer lines, all within one limit. */
static const char *
step_trailer(struct chunk_decoder *decoder, const char *at, const char *end)
{
    size_t room = CHUNK_TRAILERS_MAX - decoder->trailer_size;
    if (room == 0) {
        return fail(decoder, at, WIRE_REASON_TRAILERS_TOO_LARGE);
    }
    if ((size_t)(end - at) > room) {
        end = at + room;
    }
    const char *start = at;
    if (decoder->state == CHUNK_LINE) {
        at = step_line(decoder, at);
    } else if (decoder->state == CHUNK_NAME) {
        at = step_name(decoder, at, end);
    } else if (decoder->state == CHUNK_VALUE) {
        at = step_value(decoder, at, end);
    } else if (decoder->state == CHUNK_VALUE_LF) {
        at = step_byte(decoder, at, '\n', CHUNK_LINE, WIRE_REASON_BARE_CR);
    } else {
        at = step_byte(decoder, at, '\n', CHUNK_OVER, WIRE_REASON_BARE_CR);
    }
    decoder->trailer_size += (uint32_t)(at - start);
    return at;
}

static const char *
step_size_lf(struct chunk_decoder *decoder, const char *at)
{
    enum chunk_state next = decoder->left == 0 ? CHUNK_LINE : CHUNK_BODY;
    decoder->digits = 0;
    return step_byte(decoder, at, '\n', next, WIRE_REASON_BARE_CR);
}

/* Reads on from `at`, of which there is at least one byte, within the current state; where it
 * stopped. */
static const char *
step(struct chunk_decoder *decoder, const char *at, const char *end)
{
    switch ((enum chunk_state)decoder->state) {
    case CHUNK_SIZE:
        return step_size(decoder, at, end);
    case CHUNK_SPACE:
        return step_space(decoder, at);
    case CHUNK_EXTENSION:
        return step_extension(decoder, at, end);
    case CHUNK_SIZE_CR:
        return step_byte(decoder, at, '\r', CHUNK_SIZE_LF, WIRE_REASON_BAD_CHUNK_SIZE);
    case CHUNK_SIZE_LF:
        return step_size_lf(decoder, at);
    case CHUNK_BODY:
        return step_body(decoder, at, end);
    case CHUNK_BODY_CR:
        return step_byte(decoder, at, '\r', CHUNK_BODY_LF, WIRE_REASON_BAD_CHUNK_END);
    case CHUNK_BODY_LF:
        return step_byte(decoder, at, '\n', CHUNK_SIZE, WIRE_REASON_BAD_CHUNK_END);
    case CHUNK_LINE:
    case CHUNK_NAME:
    case CHUNK_VALUE:
    case CHUNK_VALUE_LF:
    case CHUNK_FINAL_LF:
        return step_trailer(decoder, at, end);
    case CHUNK_NAME_READY:
    case CHUNK_OVER:
    case CHUNK_FAILED:
        break;
    }
    return at;
}

/* Whether what the current state reads is passed on. */
static bool
is_kept(const struct chunk_decoder *decoder)
{
    enum chunk_state state = (enum chunk_state)decoder->state;
    if (decoder->mode == CHUNK_DATA) {
        return state == CHUNK_BODY;
    }
    if (state == CHUNK_VALUE || state == CHUNK_VALUE_LF) {
        return !decoder->is_dropping;
    }
    return state != CHUNK_SPACE && state != CHUNK_EXTENSION && state != CHUNK_NAME;
}

static enum wire_result
result_of(const struct chunk_decoder *decoder)
{
    return decoder->state == CHUNK_OVER     ? WIRE_DONE
           : decoder->state == CHUNK_FAILED ? WIRE_BAD
                                            : WIRE_MORE;
}

static enum wire_result
yield_name(struct chunk_decoder *decoder, struct span *run)
{
    if (run->size == 0) {
        *run = (struct span){decoder->name, decoder->name_size};
        decoder->state = CHUNK_VALUE;
    }
    return WIRE_MORE;
}

enum wire_result
chunk_decode(struct chunk_decoder *decoder, struct span *input, struct span *run)
{
    *run = (struct span){input->data, 0};
    while (input->size > 0 && result_of(decoder) == WIRE_MORE) {
        if (decoder->state == CHUNK_NAME_READY) {
            return yield_name(decoder, run);
        }
        bool keeps = is_kept(decoder);
        if (keeps && run->size == 0) {
            run->data = input->data;
        }
        if (keeps && run->data + run->size != input->data) {
            return WIRE_MORE;
        }
        const char *stop = step(decoder, input->data, input->data + input->size);
        size_t size = (size_t)(stop - input->data);
        input->data += size;
        input->size -= size;
        run->size += keeps ? size : 0;
    }
    return result_of(decoder);
}

size_t
chunk_encode_head(char out[CHUNK_HEAD_MAX], uint64_t size)
{
    static const char digits[] = "0123456789abcdef";
    unsigned shift = 60;
    while (shift > 0 && size >> shift == 0) {
        shift -= 4;
    }
    size_t at = 0;
    for (;; shift -= 4) {
        out[at++] = digits[size >> shift & 15];
        if (shift == 0) {
            break;
        }
    }
    out[at++] = '\r';
    out[at++] = '\n';
    return at;
}
