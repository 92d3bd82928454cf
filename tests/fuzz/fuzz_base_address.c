/* Addresses: whatever is taken has one spelling, which is taken again and means the same. */
#include "proxy/base/address.h"

#include <stdint.h>
#include <string.h>
#include "proxy/base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct address first;
    struct address second;
    const char *why = NULL;
    struct span text = {(const char *)data, size};
    if (address_parse(text, &first, &why) != ERR_OK) {
        CHECK(why != NULL && why[0] != '\0');
        return 0;
    }
    CHECK(address_parse(span_of(first.text), &second, &why) == ERR_OK);
    CHECK(address_equal(&first, &second) && strcmp(first.text, second.text) == 0);
    CHECK(first.size == second.size && memcmp(&first.socket, &second.socket, first.size) == 0);
    return 0;
}
