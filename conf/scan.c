#include "conf/scan.h"

#include <ctype.h>

static unsigned char
byte_at(const struct scan *scan, size_t ahead)
{
    return scan->at + ahead < scan->text.size ? (unsigned char)scan->text.data[scan->at + ahead]
                                              : 0;
}

static bool
is_at_end(const struct scan *scan)
{
    return scan->at >= scan->text.size;
}

static void
skip_line(struct scan *scan)
{
    while (!is_at_end(scan) && byte_at(scan, 0) != '\n') {
        scan->at++;
    }
}

static void
skip_block(struct scan *scan)
{
    unsigned begun = scan->line;
    scan->at += 2;
    for (; !is_at_end(scan); scan->at++) {
        if (byte_at(scan, 0) == '*' && byte_at(scan, 1) == '/') {
            scan->at += 2;
            return;
        }
        scan->line += byte_at(scan, 0) == '\n' ? 1 : 0;
    }
    scan->line = begun;
    scan->problem = "this comment does not end: */ is missing";
}

static void
skip_between(struct scan *scan)
{
    while (!is_at_end(scan) && scan->problem == NULL) {
        unsigned char c = byte_at(scan, 0);
        if (c == '#' || (c == '/' && byte_at(scan, 1) == '/')) {
            skip_line(scan);
        } else if (c == '/' && byte_at(scan, 1) == '*') {
            skip_block(scan);
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\n') {
            scan->line += c == '\n' ? 1 : 0;
            scan->at++;
        } else {
            return;
        }
    }
}

static enum scan_kind
take_string(struct scan *scan)
{
    for (scan->at++; !is_at_end(scan); scan->at++) {
        unsigned char c = byte_at(scan, 0);
        if (c == '"') {
            scan->at++;
            return SCAN_STRING;
        }
        if (c == '\\') {
            bool is_nul = tolower(byte_at(scan, 1)) == 'x' && byte_at(scan, 2) == '0' &&
                          byte_at(scan, 3) == '0';
            if (is_nul) {
                scan->problem = "\\x00 ends a text early; no setting holds a NUL";
                return SCAN_PROBLEM;
            }
            scan->at++;
            c = byte_at(scan, 0);
        }
        if (c == '\n') {
            break;
        }
        if (c < ' ' && c != '\t') {
            scan->problem = "a control byte in a text";
            return SCAN_PROBLEM;
        }
    }
    scan->problem = "this text does not end on its line: a closing \" is missing";
    return SCAN_PROBLEM;
}

/* Libconfig keeps 32 bits of what has no fraction, whatever stands there. */
static bool
fits_32_bits(struct span digits, unsigned base)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits.size; i++) {
        unsigned char c = (unsigned char)digits.data[i];
        unsigned digit = (unsigned)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
        number = number * base + digit;
        if (number > INT32_MAX) {
            return false;
        }
    }
    return true;
}

static bool
is_fraction(const struct scan *scan)
{
    unsigned char next = byte_at(scan, 1);
    bool has_sign = next == '+' || next == '-';
    return byte_at(scan, 0) == '.' ||
           (tolower(byte_at(scan, 0)) == 'e' && isdigit(has_sign ? byte_at(scan, 2) : next));
}

static enum scan_kind
take_number(struct scan *scan)
{
    scan->at += byte_at(scan, 0) == '+' || byte_at(scan, 0) == '-' ? 1 : 0;
    bool is_hex =
        byte_at(scan, 0) == '0' && tolower(byte_at(scan, 1)) == 'x' && isxdigit(byte_at(scan, 2));
    scan->at += is_hex ? 2 : 0;
    size_t first = scan->at;
    while (is_hex ? isxdigit(byte_at(scan, 0)) : isdigit(byte_at(scan, 0))) {
        scan->at++;
    }
    if (!is_hex && is_fraction(scan)) {
        while (byte_at(scan, 0) == '.' || byte_at(scan, 0) == '+' || byte_at(scan, 0) == '-' ||
               isalnum(byte_at(scan, 0))) {
            scan->at++;
        }
        return SCAN_NUMBER;
    }
    if (!fits_32_bits((struct span){scan->text.data + first, scan->at - first}, is_hex ? 16 : 10)) {
        scan->problem = "an integer beyond 32 bits; a size or a duration can be written with a "
                        "unit (\"4g\", \"12h\")";
        return SCAN_PROBLEM;
    }
    while (byte_at(scan, 0) == 'L') {
        scan->at++;
    }
    return SCAN_NUMBER;
}

static enum scan_kind
take_name(struct scan *scan)
{
    unsigned char c;
    do {
        scan->at++;
        c = byte_at(scan, 0);
    } while (isalnum(c) || c == '-' || c == '_' || c == '*');
    return SCAN_NAME;
}

static enum scan_kind
refuse_byte(struct scan *scan)
{
    unsigned char c = byte_at(scan, 0);
    scan->problem = "this does not belong here; texts stand in double quotes";
    if (c == '\'') {
        scan->problem = "texts stand in double quotes";
    } else if (c == '@') {
        scan->problem = "other files are not included: the configuration is one file";
    } else if (c < ' ' || c > '~') {
        scan->problem = "a byte that is not ASCII text; only comments and texts may hold such";
    }
    scan->at++;
    return SCAN_PROBLEM;
}

void
scan_init(struct scan *scan, struct span text)
{
    *scan = (struct scan){text, 0, 1, NULL};
}

static enum scan_kind
take(struct scan *scan)
{
    unsigned char c = byte_at(scan, 0);
    if (is_at_end(scan)) {
        return SCAN_END;
    }
    if (c == '"') {
        return take_string(scan);
    }
    if (isdigit(c) || c == '+' || c == '-' || c == '.') {
        return take_number(scan);
    }
    if (isalpha(c) || c == '*') {
        return take_name(scan);
    }
    if (c != '\0' && strchr("=:,;{}()[]", c) != NULL) {
        scan->at++;
        return SCAN_SIGN;
    }
    return refuse_byte(scan);
}

void
scan_next(struct scan *scan, struct scan_token *token)
{
    if (scan->problem == NULL) {
        skip_between(scan);
    }
    size_t first = scan->at;
    token->line = scan->line;
    token->kind = scan->problem == NULL ? take(scan) : SCAN_PROBLEM;
    token->text = (struct span){scan->text.data + first, scan->at - first};
}
