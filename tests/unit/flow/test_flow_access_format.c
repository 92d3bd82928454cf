/* Lines of the access log: golden ones, and JSON whatever the bytes. */
#include "tests/unit/base/base_test.h"
#include "proxy/base/random.h"
#include "proxy/flow/access.h"

/* A strict reader of what a line may be: one flat object of strings, numbers and nulls, ASCII
 * alone, a newline at its end. Says what stopped it. */
static const char *
read_string(const char *at)
{
    if (*at++ != '"') {
        return NULL;
    }
    while (*at != '"') {
        if (*at < 0x20 || *at > 0x7e) {
            return NULL;
        }
        if (*at++ != '\\') {
            continue;
        }
        if (*at == '"' || *at == '\\') {
            at++;
            continue;
        }
        if (at[0] != 'u' || strspn(at + 1, "0123456789abcdef") < 4) {
            return NULL;
        }
        at += 5;
    }
    return at + 1;
}

static const char *
read_value(const char *at)
{
    if (*at == '"') {
        return read_string(at);
    }
    if (strncmp(at, "null", 4) == 0) {
        return at + 4;
    }
    size_t digits = strspn(at, "0123456789");
    bool is_number = digits > 0 && (digits == 1 || at[0] != '0');
    return is_number ? at + digits : NULL;
}

static const char *const keys[] = {
    "time",     "request_id", "node",          "role",     "build",      "instance",
    "client",   "method",     "host",          "path",     "protocol",   "status",
    "bytes_in", "bytes_out",  "first_byte_us", "total_us", "connect_us", "retries",
    "reason",   "tls",        "cutover",       "end",
};

static void
assert_line(const char *line, size_t size)
{
    const char *at = line;
    assert_int_equal(strlen(line), size);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        char wanted[40];
        snprintf(wanted, sizeof(wanted), "%c\"%s\":", i == 0 ? '{' : ',', keys[i]);
        assert_int_equal(strncmp(at, wanted, strlen(wanted)), 0);
        at = read_value(at + strlen(wanted));
        assert_non_null(at);
    }
    assert_string_equal(at, "}\n");
}

/* Formats into a block of exactly the promised size, so that a byte too many is seen. */
static char *
formatted(const struct access_record *record, const char *node)
{
    char *exact = malloc(ACCESS_LINE_MAX);
    char *line = malloc(ACCESS_LINE_MAX + 1);
    size_t size = access_format(record, node, exact);
    assert_true(size <= ACCESS_LINE_MAX);
    memcpy(line, exact, size);
    line[size] = '\0';
    free(exact);
    assert_line(line, size);
    return line;
}

static void
assert_formatted(const struct access_record *record, const char *node, const char *wanted)
{
    char *line = formatted(record, node);
    assert_string_equal(line, wanted);
    free(line);
}

static void
test_golden(void **state)
{
    const struct access_record record = {
        .wall_us = 1709210096123456,
        .request_id = SPAN("4f1a"),
        .role = "web",
        .build = "v42",
        .instance = "10.0.0.1:8080",
        .client = SPAN("192.0.2.7"),
        .method = SPAN("GET"),
        .host = SPAN("www.example.com"),
        .path = SPAN("/a\"b\\c"),
        .protocol = "HTTP/1.1",
        .status = 200,
        .bytes_in = 120,
        .bytes_out = 18446744073709551615ULL,
        .first_byte_us = 800,
        .total_us = 950,
        .connect_us = 70,
        .retries = 1,
        .reason = NULL,
        .tls = "TLSv1.3",
        .cutover = 17,
        .end = "done",
    };
    (void)state;
    assert_formatted(
        &record, "edge-1",
        "{\"time\":\"2024-02-29T12:34:56.123Z\",\"request_id\":\"4f1a\",\"node\":\"edge-1\","
        "\"role\":\"web\",\"build\":\"v42\",\"instance\":\"10.0.0.1:8080\","
        "\"client\":\"192.0.2.7\",\"method\":\"GET\",\"host\":\"www.example.com\","
        "\"path\":\"/a\\\"b\\\\c\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"bytes_in\":120,"
        "\"bytes_out\":18446744073709551615,\"first_byte_us\":800,\"total_us\":950,"
        "\"connect_us\":70,\"retries\":1,\"reason\":null,\"tls\":\"TLSv1.3\",\"cutover\":17,"
        "\"end\":\"done\"}\n");
}

static void
test_empty(void **state)
{
    const struct access_record record = {.wall_us = 0};
    (void)state;
    assert_formatted(
        &record, "",
        "{\"time\":\"1970-01-01T00:00:00.000Z\",\"request_id\":null,\"node\":null,\"role\":null,"
        "\"build\":null,\"instance\":null,\"client\":null,\"method\":null,\"host\":null,"
        "\"path\":null,\"protocol\":null,\"status\":0,\"bytes_in\":0,\"bytes_out\":0,"
        "\"first_byte_us\":0,\"total_us\":0,\"connect_us\":0,\"retries\":0,\"reason\":null,"
        "\"tls\":null,\"cutover\":null,\"end\":null}\n");
}

/* Every byte alone, in every text that a client has a hand in. */
static void
test_every_byte(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char text[3] = {'a', (char)byte, 'z'};
        struct span span = {text, sizeof(text)};
        struct access_record record = {
            .request_id = span, .client = span, .method = span, .host = span, .path = span};
        char *line = formatted(&record, "n");
        char wanted[32];
        if (byte == '"' || byte == '\\') {
            snprintf(wanted, sizeof(wanted), "\"path\":\"a\\%cz\",", byte);
        } else if (byte >= 0x20 && byte < 0x7f) {
            snprintf(wanted, sizeof(wanted), "\"path\":\"a%cz\",", byte);
        } else {
            snprintf(wanted, sizeof(wanted), "\"path\":\"a\\u%04xz\",", byte);
        }
        assert_non_null(strstr(line, wanted));
        free(line);
    }
}

/* Texts beyond any limit, of bytes that grow most: cut, and the line is whole behind them. */
static void
test_too_long(void **state)
{
    static const char fills[] = {'a', '"', '\n', (char)0xff};
    enum { LONG = 100000 };
    char *text = malloc(LONG + 1);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(fills); i++) {
        for (size_t lead = 0; lead < 6; lead++) {
            memset(text, fills[i], LONG);
            memset(text, 'x', lead);
            text[LONG] = '\0';
            struct span span = {text, LONG};
            struct access_record record = {
                .wall_us = UINT64_MAX / 64,
                .request_id = span,
                .role = text,
                .build = text,
                .instance = text,
                .client = span,
                .method = span,
                .host = span,
                .path = span,
                .protocol = text,
                .status = 599,
                .bytes_in = UINT64_MAX,
                .bytes_out = UINT64_MAX,
                .first_byte_us = UINT64_MAX,
                .total_us = UINT64_MAX,
                .connect_us = UINT64_MAX,
                .retries = UINT32_MAX,
                .reason = text,
                .tls = text,
                .cutover = UINT64_MAX,
                .end = text,
            };
            free(formatted(&record, text));
        }
    }
    free(text);
}

static void
test_noise(void **state)
{
    struct random random;
    char noise[600];
    (void)state;
    random_init(&random, 23);
    for (int round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof(noise); i++) {
            noise[i] = (char)random_next(&random);
        }
        struct span path = {noise, random_below(&random, sizeof(noise))};
        struct span host = {noise + 300, random_below(&random, 300)};
        struct access_record record = {.path = path, .host = host, .method = path};
        free(formatted(&record, "n"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),     cmocka_unit_test(test_empty),
        cmocka_unit_test(test_every_byte), cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
