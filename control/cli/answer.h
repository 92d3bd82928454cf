/*
 * answer: the API's JSON as the CLI reads it: forgiving about keys it does not know, never about
 * what would crash it. One thread.
 */
#ifndef TURNOUT_CLI_ANSWER_H
#define TURNOUT_CLI_ANSWER_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "proxy/base/span.h"

/* One JSON object, nested at most 16 deep; NULL for anything else. The caller owns it. */
json_t *cli_answer_parse(struct span text);

/* The text under a key; "" when it is absent, null or of another type. */
const char *cli_answer_text(const json_t *object, const char *key);

/* The number under a key, 0 when it is absent, negative or of another type. */
uint64_t cli_answer_number(const json_t *object, const char *key);

bool cli_answer_flag(const json_t *object, const char *key);

/* The object under a key, NULL when it is absent, null or of another type. */
const json_t *cli_answer_object(const json_t *object, const char *key);

/* The array under a key and its items; an absent one has none. */
size_t cli_answer_count(const json_t *object, const char *key);
const json_t *cli_answer_item(const json_t *object, const char *key, size_t i);

#endif
