#include "proxy/wire/wire.h"

const struct wire_limits wire_limits_default = {
    .line_bytes = 8 * 1024,
    .head_bytes = 16 * 1024,
    .fields = 100,
};

bool
wire_method_is_safe(enum wire_method method)
{
    return method == WIRE_METHOD_GET || method == WIRE_METHOD_HEAD ||
           method == WIRE_METHOD_OPTIONS || method == WIRE_METHOD_TRACE;
}

bool
wire_method_is_idempotent(enum wire_method method)
{
    return wire_method_is_safe(method) || method == WIRE_METHOD_PUT || method == WIRE_METHOD_DELETE;
}

struct status_text {
    unsigned status;
    const char *text;
};

/* RFC 9110 section 15, and 103, 428, 429, 431 and 511 of RFC 8297 and 6585. */
static const struct status_text status_texts[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {511, "Network Authentication Required"},
};

const char *
wire_status_text(unsigned status)
{
    for (size_t i = 0; i < sizeof(status_texts) / sizeof(status_texts[0]); i++) {
        if (status_texts[i].status == status) {
            return status_texts[i].text;
        }
    }
    return "Unknown";
}
