/*
 * near: how far apart two words are, to name the one that was probably meant. Any thread.
 */
#ifndef TURNOUT_BASE_NEAR_H
#define TURNOUT_BASE_NEAR_H

#include <stddef.h>

enum { NEAR_WORD_MAX = 40 };

/* Letters to insert, remove or change to make b of a (Levenshtein), without regard to case;
 * NEAR_WORD_MAX where one of them is longer than that. */
size_t near_distance(const char *a, const char *b);

#endif
