/*
 * check: our own broken invariants. A failed CHECK means that the program is wrong, not its input:
 * it says where and stops the process, in release builds too, because a proxy that goes on in a
 * state nobody thought of may lose or double a request. Never CHECK what a peer, a client, a file
 * or a child can cause. Any thread.
 */
#ifndef TURNOUT_BASE_CHECK_H
#define TURNOUT_BASE_CHECK_H

#define CHECK(claim)                                                                               \
    (__builtin_expect(!!(claim), 1) ? (void)0 : check_fail(#claim, __FILE__, __LINE__, __func__))

/* Prints the claim and its place to standard error and aborts. */
_Noreturn void check_fail(const char *claim, const char *file, int line, const char *function);

#endif
