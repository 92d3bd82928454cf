#include "conf/scan.h"

#include <strings.h>

struct opened {
    char sign;
    unsigned line;
};

struct checker {
    struct opened stack[SCAN_DEPTH_MAX];
    size_t depth;
    struct scan_token before;
    struct scan_finding *finding;
};

static char
sign_of(const struct scan_token *token)
{
    return token->kind == SCAN_SIGN ? token->text.data[0] : '\0';
}

static bool
find(struct checker *checker, const struct scan_token *token, const char *problem)
{
    *checker->finding = (struct scan_finding){token->line, token->text, problem, 0};
    return false;
}

static bool
find_pair(struct checker *checker, const struct scan_token *token, const char *problem)
{
    find(checker, token, problem);
    checker->finding->other_line = checker->stack[checker->depth - 1].line;
    return false;
}

static bool
is_value_next(const struct checker *checker)
{
    char sign = sign_of(&checker->before);
    bool is_in_list = checker->depth > 0 && checker->stack[checker->depth - 1].sign != '{';
    return sign == '=' || sign == ':' || is_in_list;
}

static bool
is_word(struct span text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

static bool
check_name(struct checker *checker, const struct scan_token *token)
{
    struct span text = token->text;
    if (!is_value_next(checker) || is_word(text, "true") || is_word(text, "false")) {
        return true;
    }
    if (is_word(text, "yes") || is_word(text, "no") || is_word(text, "on") ||
        is_word(text, "off")) {
        return find(checker, token, "write true or false");
    }
    return find(checker, token, "a text stands in double quotes");
}

static bool
open_bracket(struct checker *checker, const struct scan_token *token)
{
    if (checker->depth == SCAN_DEPTH_MAX) {
        return find(checker, token, "nested too deeply");
    }
    checker->stack[checker->depth++] = (struct opened){sign_of(token), token->line};
    return true;
}

static bool
close_bracket(struct checker *checker, const struct scan_token *token)
{
    char sign = sign_of(token);
    char opens = sign == '}' ? '{' : sign == ')' ? '(' : '[';
    if (checker->depth == 0) {
        return find(checker, token, "nothing is open that it could close");
    }
    if (checker->stack[checker->depth - 1].sign != opens) {
        return find_pair(checker, token, "it does not close what is open");
    }
    if (sign_of(&checker->before) == ',' && opens != '{') {
        return find(checker, &checker->before,
                    "no item follows: take the last comma of the list out");
    }
    checker->depth--;
    return true;
}

static bool
check_sign(struct checker *checker, const struct scan_token *token)
{
    char before = sign_of(&checker->before);
    switch (sign_of(token)) {
    case '{':
    case '(':
    case '[':
        return open_bracket(checker, token);
    case '}':
    case ')':
    case ']':
        return close_bracket(checker, token);
    case ';':
        return before != '=' && before != ':'
                   ? true
                   : find(checker, token, "a value is missing before it");
    default:
        return true;
    }
}

static bool
check_token(struct checker *checker, const struct scan_token *token)
{
    bool follows_name = checker->before.kind == SCAN_NAME &&
                        !is_word(checker->before.text, "true") &&
                        !is_word(checker->before.text, "false");
    if (follows_name && sign_of(token) != '=' && sign_of(token) != ':') {
        return find(checker, &checker->before, "a name is followed by = and a value");
    }
    if (token->kind == SCAN_NAME) {
        return check_name(checker, token);
    }
    return token->kind == SCAN_SIGN ? check_sign(checker, token) : true;
}

/* Libconfig would end there, in a comment too. */
static bool
check_nul(struct checker *checker, struct span text)
{
    struct scan_token token = {SCAN_PROBLEM, 1, SPAN("")};
    const char *nul = memchr(text.data, '\0', text.size);
    if (nul == NULL) {
        return true;
    }
    for (const char *c = text.data; c < nul; c++) {
        token.line += *c == '\n' ? 1 : 0;
    }
    return find(checker, &token, "a NUL byte: this is not a text");
}

bool
scan_check(struct span text, struct scan_finding *finding)
{
    struct scan scan;
    struct scan_token token;
    struct checker checker = {.before = {SCAN_SIGN, 1, SPAN(";")}, .finding = finding};
    scan_init(&scan, text);
    if (!check_nul(&checker, text)) {
        return false;
    }
    do {
        scan_next(&scan, &token);
        if (token.kind == SCAN_PROBLEM) {
            return find(&checker, &token, scan.problem);
        }
        if (!check_token(&checker, &token)) {
            return false;
        }
        checker.before = token;
    } while (token.kind != SCAN_END);
    return checker.depth == 0
               ? true
               : find_pair(&checker, &token, "the file ends, and what is open was not closed");
}
