/* How a request ends. A race is no failure of the server's alone: it closed an idle connection that
 * it had kept alive, at the moment a request went out on it; a client sends that request again. */
#ifndef BENCH_LOAD_OUTCOME_H
#define BENCH_LOAD_OUTCOME_H

/* name in code, name in JSON, is a failure, meaning */
#define OUTCOME_TABLE(ROW)                                                                         \
    ROW(OK, "ok", 0, "answered as expected")                                                       \
    ROW(RACE, "race", 0, "a kept-alive connection was closed before the answer; sent again")       \
    ROW(CONNECT, "connect", 1, "no connection was made")                                           \
    ROW(CLOSED, "closed", 1, "a new connection was closed before the answer")                      \
    ROW(RESET, "reset", 1, "a new connection was reset before the answer")                         \
    ROW(SHORT, "short", 1, "the connection ended in the middle of an answer")                      \
    ROW(STATUS, "status", 1, "another status than expected")                                       \
    ROW(SIZE, "length", 1, "another body size than expected")                                      \
    ROW(FRAMING, "framing", 1, "the answer breaks HTTP/1.1 framing")                               \
    ROW(EXCESS, "excess", 1, "bytes that no request asked for")                                    \
    ROW(EARLY, "early", 1, "answered before the request was sent whole")                           \
    ROW(TLS, "tls", 1, "the TLS handshake or a record failed")                                     \
    ROW(TIMEOUT, "timeout", 1, "no whole answer in time")

enum outcome {
#define OUTCOME_ENUM(code, name, is_failure, meaning) OUTCOME_##code,
    OUTCOME_TABLE(OUTCOME_ENUM)
#undef OUTCOME_ENUM
        OUTCOME_COUNT
};

#endif
