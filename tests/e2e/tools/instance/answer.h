/* What the test instance answers, by path; docs are in answer.c, at the table. */
#ifndef INSTANCE_ANSWER_H
#define INSTANCE_ANSWER_H

#include "tests/e2e/tools/instance/conn.h"

/* The head has arrived: chooses, counts, and answers at once where the path says so. */
void answer_head_arrived(struct conn *conn);

/* The request is whole, or the time that the answer waited for has come. */
void answer_now(struct conn *conn);

/* Begins an answer: status line, X-Build, X-Conn, X-Conn-Request, then extra (whole lines). */
void answer_begin(struct conn *conn, long status, const char *extra);

/* A whole answer with a Content-Length; HEAD gets no body. */
void answer_text(struct conn *conn, long status, const char *extra, const char *body);

/* The answers to /healthz, by settings.health. */
void answer_health(struct conn *conn);

#endif
