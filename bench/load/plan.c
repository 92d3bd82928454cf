#include "bench/load/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/common/die.h"

#define PLAN_CONNECTIONS_MAX 60000U

static const char plan_usage[] =
    "usage: bench-load --target IP:PORT [options]\n"
    "Closed loop: every connection asks again as soon as it is answered. Open loop (--rate):\n"
    "requests are due at fixed times, and latency counts from then, whoever kept them waiting.\n"
    "Prints one JSON object; exit code 0 if nothing failed, 1 if something did.";

/* What a desktop browser sends beside Host: with it a head of about 620 bytes. */
static const char plan_browser[] =
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;"
    "q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Referer: http://bench/catalogue/items?page=2&sort=name\r\n"
    "Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark; consent=1\r\n"
    "Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\n"
    "Upgrade-Insecure-Requests: 1\r\nCache-Control: max-age=0\r\n";

static void
plan_read(struct plan *plan, int argc, char **argv)
{
    const struct option_row rows[] = {
        {"target", "IP:PORT", "where to send", OPTION_TEXT, &plan->target},
        {"path", "PATH", "what to ask for (/)", OPTION_TEXT, &plan->path},
        {"host", "NAME", "the Host field (bench)", OPTION_TEXT, &plan->host},
        {"header", "'NAME: V'", "one more header field; may be repeated", OPTION_LIST,
         &plan->headers},
        {"browser", NULL, "add a browser's header fields, 620 bytes of head", OPTION_FLAG,
         &plan->is_browser},
        {"post", NULL, "POST with a body", OPTION_FLAG, &plan->has_post},
        {"post-bytes", "N", "size of that body (65536)", OPTION_NUMBER, &plan->post_bytes},
        {"connections", "N", "connections (64)", OPTION_NUMBER, &plan->connections},
        {"rate", "R", "open loop: requests a second over all connections; 0: closed loop",
         OPTION_DECIMAL, &plan->rate},
        {"one-shot", NULL, "a new connection for every request", OPTION_FLAG, &plan->is_one_shot},
        {"requests", "N", "stop after so many requests; 0: only by time", OPTION_NUMBER,
         &plan->requests},
        {"seconds", "S", "stop after so long, the warm-up included (2)", OPTION_DECIMAL,
         &plan->seconds},
        {"warmup", "S", "leave requests of the first S seconds out of the figures (0)",
         OPTION_DECIMAL, &plan->warmup},
        {"timeout-ms", "N", "give up on an answer after so long (5000)", OPTION_NUMBER,
         &plan->timeout_ms},
        {"expect-status", "N", "any other status is an error (200)", OPTION_NUMBER,
         &plan->expect_status},
        {"expect-length", "N", "any other size of an answer's body is an error", OPTION_NUMBER,
         &plan->expect_length},
        {"tls", NULL, "TLS, any certificate; a full handshake for every connection", OPTION_FLAG,
         &plan->has_tls},
        {"resume", NULL, "with --tls: resume the last session where there is one", OPTION_FLAG,
         &plan->has_resumption},
        {"trace", "FILE", "write every request's times (bench/README.md has the format)",
         OPTION_TEXT, &plan->trace},
    };

    options_read(rows, sizeof rows / sizeof *rows, plan_usage, argc, argv);
}

static void
plan_check(struct plan *plan)
{
    if (!plan->target)
        die("--target IP:PORT is needed; --help names the options");
    if (plan->connections == 0 || plan->connections > PLAN_CONNECTIONS_MAX)
        die("--connections: wanted 1 to %u", PLAN_CONNECTIONS_MAX);
    if (plan->seconds <= plan->warmup)
        die("--seconds: wanted more than the warm-up of %g s", plan->warmup);
    plan->address = net_address_read(plan->target);
}

static void
plan_render(struct plan *plan)
{
    FILE *out = open_memstream(&plan->request, &plan->request_size);

    if (!out)
        die("out of memory");
    fprintf(out, "%s %s HTTP/1.1\r\nHost: %s\r\n", plan->has_post ? "POST" : "GET", plan->path,
            plan->host);
    if (plan->is_browser)
        fputs(plan_browser, out);
    for (size_t i = 0; i < plan->headers.count; i++)
        fprintf(out, "%s\r\n", plan->headers.items[i]);
    if (plan->is_one_shot)
        fputs("Connection: close\r\n", out);
    if (plan->has_post)
        fprintf(out, "Content-Length: %lu\r\n", (unsigned long)plan->post_bytes);
    fputs("\r\n", out);
    for (uint64_t i = 0; plan->has_post && i < plan->post_bytes; i++)
        fputc((int)('a' + i % 26), out);
    if (fclose(out) != 0)
        die("out of memory");
}

void
plan_init(struct plan *plan, int argc, char **argv)
{
    *plan = (struct plan){.path = "/",
                          .host = "bench",
                          .post_bytes = 65536,
                          .connections = 64,
                          .seconds = 2,
                          .timeout_ms = 5000,
                          .expect_status = 200,
                          .expect_length = UINT64_MAX};
    plan_read(plan, argc, argv);
    plan_check(plan);
    plan_render(plan);
}

void
plan_fini(struct plan *plan)
{
    free(plan->request);
}
