/* Sockets, the clock and random numbers of the test programs: all non-blocking, addresses as text
   ("127.0.0.1:80", "[::1]:80", "unix:/path"). What fails at start stops the program with a message.
 */
#ifndef TOOLS_NET_H
#define TOOLS_NET_H

#include <stddef.h>
#include <stdint.h>

/* Listens at the address; writes the address really bound (port 0 is replaced) to bound. */
int net_listen(const char *address, char *bound, size_t bound_size);

/* Begins to connect; the descriptor, or -1 with errno. */
int net_connect(const char *address);

/* Makes close() send RST rather than FIN. */
void net_reset_on_close(int fd);

/* Microseconds of the monotonic clock. */
uint64_t net_now_us(void);

/* A number below limit, from the seed that *state carries on. */
uint64_t net_random(uint64_t *state, uint64_t limit);

/* FNV-1a, 64 bits, carried on from hash. */
#define NET_FNV_START UINT64_C(0xcbf29ce484222325)
uint64_t net_fnv(uint64_t hash, const void *bytes, size_t size);

#endif
