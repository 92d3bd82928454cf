/*
 * settings: what the data path obeys of the configuration, per role and per listener's clients.
 * Values, const once built, owned by whoever read the configuration, and alive as long as the
 * process: tables, sessions and exchanges point to them.
 */
#ifndef TURNOUT_TABLE_SETTINGS_H
#define TURNOUT_TABLE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum table_order { TABLE_ORDER_AVAILABLE, TABLE_ORDER_STRICT, TABLE_ORDER_EXCLUSIVE };

/* One role, as requests see it. Times in milliseconds; 0 means what the configuration says it
 * means. */
struct role_settings {
    const char *name;          /* [a-z][a-z0-9-]{0,31} */
    uint32_t connect_ms;       /* to connect to an instance */
    uint32_t response_ms;      /* from the request sent to the answer's head */
    uint32_t stall_ms;         /* between reads of an answer's body */
    uint32_t upstream_idle_ms; /* an unused connection to an instance is closed after this */
    uint32_t retries;          /* further tries after a connect error */
    enum table_order order;
    uint32_t hold_max_ms;   /* a request is parked at most this long */
    uint32_t hold_requests; /* parked requests of the node, at most */
    uint64_t hold_bytes;    /* memory of parked requests of the node, at most */
    bool redirect_https;    /* cleartext requests get 308 to https */
    const char
        *preview_host;   /* Host of preview requests on their way to the instance: health.host */
    const char *hsts;    /* value of Strict-Transport-Security on TLS listeners; "" for none */
    bool expose_build;   /* answers name the build that made them */
    bool abort_on_close; /* a client's FIN cancels its request */
};

/* Clients of all listeners. */
struct client_settings {
    uint32_t
        header_ms; /* from a request's first byte (a connection's accept) to the end of its head */
    uint32_t body_ms;      /* between reads of a request's body */
    uint32_t send_ms;      /* between writes of an answer */
    uint32_t idle_ms;      /* between requests */
    uint32_t connections;  /* of the node at once; 0: no limit */
    uint32_t request_line; /* bytes */
    uint32_t header_bytes; /* bytes of a whole head */
    uint32_t headers;      /* fields of a head */
    uint64_t body;         /* bytes of a request's body; 0: no limit */
};

/* A network whose members are believed: their forwarding fields are kept and extended. IPv4 is held
 * as ::ffff:a.b.c.d. */
struct trusted_network {
    uint8_t address[16];
    uint8_t prefix_bits; /* of the 128 */
};

#endif
