/*
 * show: answers as text for people. `now_us` is wall time, for ages. False when out of memory. One
 * thread.
 */
#ifndef TURNOUT_CLI_SHOW_H
#define TURNOUT_CLI_SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <jansson.h>

struct cli_page {
    FILE *out;
    uint64_t now_us;
    bool has_colour;
};

/* GET /v1/status */
bool cli_show_status(const struct cli_page *page, const json_t *status);

/* GET /v1/roles/ROLE, and GET /v1/roles/ROLE/sets/SET */
bool cli_show_role(const struct cli_page *page, const json_t *role);
bool cli_show_set(const struct cli_page *page, const json_t *set);

/* One event of the journal as a line. */
void cli_show_event(const struct cli_page *page, json_t *event);

/* GET /v1/certificates */
bool cli_show_certificates(const struct cli_page *page, const json_t *answer);

#endif
