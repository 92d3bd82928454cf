#include "control/cli/http.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "proxy/base/clock.h"
#include "proxy/wire/client.h"
#include "proxy/wire/head.h"

enum { HTTP_CONNECT_TIMEOUT_MS = 5000, HTTP_READ_SIZE = 16 * 1024 };

static volatile sig_atomic_t http_signal;

static void
http_on_signal(int number)
{
    http_signal = number;
}

void
cli_http_catch_signals(void)
{
    /* Blocked but while waiting: a signal between the check and the wait is not lost. */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    struct sigaction action = {.sa_handler = http_on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool
cli_http_is_interrupted(void)
{
    return http_signal != 0;
}

void
cli_http_init(struct cli_http *http)
{
    *http = (struct cli_http){.fd = -1};
    buf_init(&http->in);
    buf_init(&http->body);
}

void
cli_http_fini(struct cli_http *http)
{
    if (http->fd >= 0) {
        close(http->fd);
    }
    buf_fini(&http->in);
    buf_fini(&http->body);
}

/* Waits until the socket is ready for `events` or the deadline (monotonic microseconds). */
static enum cli_http_result
http_wait(const struct cli_http *http, short events, uint64_t deadline_us)
{
    for (;;) {
        uint64_t now_us = clock_mono_us();
        if (http_signal != 0) {
            return CLI_HTTP_INTERRUPTED;
        }
        if (now_us >= deadline_us) {
            return CLI_HTTP_TIMEOUT;
        }
        uint64_t left_us = deadline_us - now_us;
        struct timespec left = {(time_t)(left_us / 1000000), (long)(left_us % 1000000) * 1000};
        struct pollfd item = {.fd = http->fd, .events = events};
        sigset_t none;
        sigprocmask(SIG_BLOCK, NULL, &none);
        sigdelset(&none, SIGINT);
        sigdelset(&none, SIGTERM);
        int count = ppoll(&item, 1, &left, &none);
        if (count > 0) {
            return CLI_HTTP_OK;
        }
        if (count < 0 && errno != EINTR) {
            return CLI_HTTP_CUT;
        }
    }
}

static enum cli_http_result
http_connect(struct cli_http *http, const char *path, struct buf *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!span_to_string(span_of(path), address.sun_path, sizeof(address.sun_path))) {
        buf_printf(error, "%s: the path of a socket has at most %zu bytes", path,
                   sizeof(address.sun_path) - 1);
        return CLI_HTTP_UNREACHABLE;
    }
    http->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval timeout = {.tv_sec = HTTP_CONNECT_TIMEOUT_MS / 1000};
    if (http->fd < 0 ||
        setsockopt(http->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) != 0 ||
        connect(http->fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        const char *advice = errno == ENOENT || errno == ECONNREFUSED
                                 ? "is turnoutd running? -s or TURNOUT_SOCKET names another socket"
                             : errno == EACCES ? "the socket's group may use it"
                             : errno == EAGAIN ? "it does not accept in time"
                                               : "nothing was sent";
        buf_printf(error, "cannot reach turnoutd at %s: %s; %s", path,
                   err_text(err_from_errno(errno)), advice);
        return CLI_HTTP_UNREACHABLE;
    }
    return CLI_HTTP_OK;
}

/* Sends all of `text`; the socket's send timeout bounds each call. */
static bool
http_send_all(const struct cli_http *http, struct span text)
{
    while (text.size > 0) {
        ssize_t sent = send(http->fd, text.data, text.size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        text.data += sent;
        text.size -= (size_t)sent;
    }
    return true;
}

enum cli_http_result
cli_http_send(struct cli_http *http, const char *socket, const char *method, const char *path,
              const char *body, struct buf *error)
{
    struct buf text;
    buf_init(&text);
    struct client_request request = {
        .method = span_of(method),
        .path = span_of(path),
        .host = SPAN("turnout"),
        .content_type = body == NULL ? SPAN("") : SPAN("application/json"),
        .body = span_of(body == NULL ? "" : body),
        .has_body = body != NULL,
    };
    enum cli_http_result result = CLI_HTTP_UNREACHABLE;
    if (client_request_append(&text, &request) != ERR_OK) {
        buf_append_text(error, "the request cannot be written");
    } else {
        result = http_connect(http, socket, error);
    }
    if (result == CLI_HTTP_OK && !http_send_all(http, buf_span(&text))) {
        buf_append_text(error, "the connection to turnoutd was lost while sending");
        result = CLI_HTTP_CUT;
    }
    buf_fini(&text);
    return result;
}

bool
cli_http_feed(struct cli_http *http, struct span bytes)
{
    return buf_append_span(&http->in, bytes);
}

/* Receives once. CLI_HTTP_END when the peer has closed. */
static enum cli_http_result
http_receive(struct cli_http *http, uint64_t deadline_us)
{
    if (http->fd < 0) {
        return CLI_HTTP_END;
    }
    enum cli_http_result result = http_wait(http, POLLIN, deadline_us);
    if (result != CLI_HTTP_OK) {
        return result;
    }
    char *room = buf_reserve(&http->in, HTTP_READ_SIZE);
    if (room == NULL) {
        return CLI_HTTP_BAD;
    }
    ssize_t received = recv(http->fd, room, HTTP_READ_SIZE, MSG_DONTWAIT);
    if (received < 0) {
        return errno == EAGAIN || errno == EINTR ? CLI_HTTP_OK : CLI_HTTP_CUT;
    }
    buf_add_size(&http->in, (size_t)received);
    return received == 0 ? CLI_HTTP_END : CLI_HTTP_OK;
}

static uint64_t
http_deadline(uint64_t timeout_ms)
{
    return clock_mono_us() + timeout_ms * 1000;
}

static void
http_take_head(struct cli_http *http, const struct wire_response *response)
{
    http->status = response->status;
    http->framing = response->framing;
    http->left = response->length;
    http->is_complete = response->framing == WIRE_FRAMING_NONE ||
                        (response->framing == WIRE_FRAMING_LENGTH && response->length == 0);
    chunk_decoder_init(&http->decoder, CHUNK_DATA);
}

enum cli_http_result
cli_http_head(struct cli_http *http, uint64_t timeout_ms)
{
    uint64_t deadline_us = http_deadline(timeout_ms);
    for (;;) {
        struct span input = buf_span(&http->in);
        struct wire_response response;
        enum wire_result parsed = head_response_parse(&response, input.data, input.size,
                                                      &wire_limits_default, WIRE_METHOD_GET);
        if (parsed == WIRE_BAD) {
            return CLI_HTTP_BAD;
        }
        if (parsed == WIRE_DONE) {
            http_take_head(http, &response);
            buf_consume(&http->in, response.head_size);
            if (!response.is_interim) {
                return CLI_HTTP_OK;
            }
            continue;
        }
        enum cli_http_result result = http_receive(http, deadline_us);
        if (result != CLI_HTTP_OK) {
            return result == CLI_HTTP_END ? CLI_HTTP_CUT : result;
        }
    }
}

static enum cli_http_result
http_decode_chunks(struct cli_http *http)
{
    struct span input = buf_span(&http->in);
    size_t before = input.size;
    enum wire_result result;
    do {
        struct span run = {"", 0};
        result = chunk_decode(&http->decoder, &input, &run);
        if (!buf_append_span(&http->body, run)) {
            return CLI_HTTP_BAD;
        }
    } while (result == WIRE_MORE && input.size > 0);
    buf_consume(&http->in, before - input.size);
    http->is_complete = result == WIRE_DONE;
    return result == WIRE_BAD ? CLI_HTTP_BAD : CLI_HTTP_OK;
}

/* Moves what was received into the body. */
static enum cli_http_result
http_decode(struct cli_http *http)
{
    if (http->is_complete) {
        return CLI_HTTP_OK;
    }
    if (http->framing == WIRE_FRAMING_CHUNKED) {
        return http_decode_chunks(http);
    }
    struct span run = buf_span(&http->in);
    if (http->framing == WIRE_FRAMING_LENGTH) {
        run.size = run.size < http->left ? run.size : (size_t)http->left;
        http->left -= run.size;
        http->is_complete = http->left == 0;
    }
    if (!buf_append_span(&http->body, run)) {
        return CLI_HTTP_BAD;
    }
    buf_consume(&http->in, run.size);
    return CLI_HTTP_OK;
}

/* Decodes what is there, or receives more of it; CLI_HTTP_END when the body is whole. */
static enum cli_http_result
http_more(struct cli_http *http, uint64_t deadline_us)
{
    size_t before = buf_size(&http->body);
    enum cli_http_result result = http_decode(http);
    if (result != CLI_HTTP_OK || buf_size(&http->body) > before) {
        return result;
    }
    if (http->is_complete) {
        return CLI_HTTP_END;
    }
    result = http_receive(http, deadline_us);
    if (result == CLI_HTTP_END) {
        http->is_complete = http->framing == WIRE_FRAMING_CLOSE;
        return http->is_complete ? CLI_HTTP_END : CLI_HTTP_CUT;
    }
    return result;
}

enum cli_http_result
cli_http_line(struct cli_http *http, struct span *line, uint64_t timeout_ms)
{
    uint64_t deadline_us = http_deadline(timeout_ms);
    buf_consume(&http->body, http->scanned);
    http->scanned = 0;
    size_t looked = 0;
    for (;;) {
        struct span body = buf_span(&http->body);
        const char *end =
            body.size == looked ? NULL : memchr(body.data + looked, '\n', body.size - looked);
        if (end != NULL) {
            *line = (struct span){body.data, (size_t)(end - body.data)};
            http->scanned = line->size + 1;
            return CLI_HTTP_OK;
        }
        looked = body.size;
        if (looked > CLI_HTTP_LINE_MAX) {
            return CLI_HTTP_BAD;
        }
        enum cli_http_result result = http_more(http, deadline_us);
        if (result != CLI_HTTP_OK) {
            return result;
        }
    }
}

enum cli_http_result
cli_http_rest(struct cli_http *http, struct span *body, uint64_t timeout_ms)
{
    uint64_t deadline_us = http_deadline(timeout_ms);
    buf_consume(&http->body, http->scanned);
    http->scanned = 0;
    for (;;) {
        enum cli_http_result result = http_more(http, deadline_us);
        if (result == CLI_HTTP_END) {
            *body = buf_span(&http->body);
            return result;
        }
        if (result == CLI_HTTP_OK && buf_size(&http->body) > CLI_HTTP_BODY_MAX) {
            return CLI_HTTP_BAD;
        }
        if (result != CLI_HTTP_OK) {
            return result;
        }
    }
}
