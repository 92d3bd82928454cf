/*
 * conf_tools: what the tests of conf share: the tree's files, texts as configurations. Tests only;
 * what is returned is the caller's.
 */
#ifndef TURNOUT_TESTS_CONF_TOOLS_H
#define TURNOUT_TESTS_CONF_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "conf/conf.h"

/* The root of the tree. */
static inline const char *
tools_root(void)
{
    const char *root = getenv("TURNOUT_SOURCE");
    return root == NULL ? "." : root;
}

/* The whole file, or NULL when there is none. */
static inline char *
tools_read(const char *path)
{
    struct buf text;
    char part[4096];
    size_t size;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    buf_init(&text);
    while ((size = fread(part, 1, sizeof(part), file)) > 0) {
        assert_true(buf_append(&text, part, size));
    }
    fclose(file);
    assert_non_null(buf_string(&text));
    return text.data; /* nothing was consumed */
}

static inline void
tools_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

/* Loads a text as "test.cfg"; the messages are put into `errors`, which the caller frees. */
static inline enum err
tools_load(const char *text, struct conf **out, char **errors)
{
    struct buf all;
    buf_init(&all);
    enum err err = conf_load_text(span_of(text), "test.cfg", tools_root(), out, &all);
    assert_non_null(buf_string(&all));
    *errors = strdup(buf_string(&all));
    buf_fini(&all);
    return err;
}

#endif
