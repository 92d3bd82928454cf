/* Judges real-time order over all clients, on their one clock: a request begun after any client
   received the first byte of an answer of the new set is not answered by the old one; nor is one
   that was begun after the command had said that the traffic has moved. */
#ifndef STRAIN_ORDER_H
#define STRAIN_ORDER_H

#include <stdbool.h>
#include <stdint.h>

/* The traffic is with this build, before any cutover. */
void order_begin(const char *build);

/* A cutover to this build begins now. */
void order_flip(const char *build, uint64_t now_us);

/* The cutover that runs was reported as committed. */
void order_flipped(uint64_t now_us);

/* An answer's first byte came at first_us, to a request begun at begun_us: false breaks the order.
 */
bool order_answer(const char *build, uint64_t begun_us, uint64_t first_us);

/* How many cutovers were seen in the answers. */
unsigned order_seen(void);

#endif
