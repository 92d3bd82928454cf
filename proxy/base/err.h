/*
 * err: the one list of expected failures. A function that can fail returns enum err and gives
 * results by out pointer, untouched on failure. Details for a person travel beside it as text,
 * written by whoever knows them. Any thread.
 */
#ifndef TURNOUT_BASE_ERR_H
#define TURNOUT_BASE_ERR_H

enum err {
#define ERR(name, text) ERR_##name,
#include "proxy/base/err.def"
#undef ERR
    ERR_COUNT
};

/* What a person reads, for any value of enum err. Static storage. */
const char *err_text(enum err err);

/* The nearest enum err of an errno value; ERR_IO where there is none. */
enum err err_from_errno(int number);

#endif
