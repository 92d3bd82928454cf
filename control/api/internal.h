/*
 * internal: what the files of this folder share of struct api. Control thread only.
 */
#ifndef TURNOUT_API_INTERNAL_H
#define TURNOUT_API_INTERNAL_H

#include "control/api/api.h"
#include "control/api/server.h"
#include "proxy/base/address.h"
#include "proxy/base/list.h"

struct api {
    struct event_base *base;
    struct runner *runner;
    struct engine *engine;
    struct api_certificates certificates;
    struct server *control;
    struct server *admin;
    char *socket_path;
    char admin_address[ADDRESS_TEXT_SIZE];
    struct list follows; /* of follow.c, so that what is left can be freed */
    struct list feeds;   /* of feed.c */
};

#endif
