#include "tests/e2e/tools/instance/stats.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/tools/common/net.h"
#include "tests/e2e/tools/instance/settings.h"

struct stats stats;

struct post {
    char id[64];
    unsigned begun;
    unsigned executed;
};

/* Open addressing; doubled when half full. */
static struct post *posts;
static size_t post_room;
static size_t post_count;

static struct post *
post_slot(struct post *table, size_t room, const char *id)
{
    size_t at = (size_t)net_fnv(NET_FNV_START, id, strlen(id)) & (room - 1);
    while (table[at].id[0] != '\0' && strcmp(table[at].id, id) != 0) {
        at = (at + 1) & (room - 1);
    }
    return &table[at];
}

static void
posts_grow(void)
{
    size_t room = post_room == 0 ? 1024 : post_room * 2;
    struct post *table = calloc(room, sizeof(*table));
    if (table == NULL) {
        abort();
    }
    for (size_t i = 0; i < post_room; i++) {
        if (posts[i].id[0] != '\0') {
            *post_slot(table, room, posts[i].id) = posts[i];
        }
    }
    free(posts);
    posts = table;
    post_room = room;
}

static struct post *
post_of(const char *id)
{
    if (post_count * 2 >= post_room) {
        posts_grow();
    }
    struct post *post = post_slot(posts, post_room, id);
    if (post->id[0] == '\0') {
        snprintf(post->id, sizeof(post->id), "%s", id);
        post_count++;
    }
    return post;
}

void
stats_begun(const char *id)
{
    if (id[0] != '\0') {
        post_of(id)->begun++;
    }
}

void
stats_executed(const char *id)
{
    if (id[0] != '\0') {
        post_of(id)->executed++;
    }
}

void
stats_print(struct buf *out)
{
    buf_print(out,
              "{\"build\":\"%s\",\"connections\":%lu,\"open\":%lu,\"requests\":%lu,\"probes\":%lu,"
              "\"in_flight\":%lu,\"most_in_flight\":%lu,\"closings\":%lu,\"bad\":%lu,\"posts\":{",
              settings.build, stats.connections, stats.open, stats.requests, stats.probes,
              stats.in_flight, stats.most_in_flight, stats.closings, stats.bad);
    const char *comma = "";
    for (size_t i = 0; i < post_room; i++) {
        if (posts[i].id[0] != '\0') {
            buf_print(out, "%s\"%s\":[%u,%u]", comma, posts[i].id, posts[i].begun,
                      posts[i].executed);
            comma = ",";
        }
    }
    buf_add_text(out, "}}\n");
}
