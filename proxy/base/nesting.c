#include "proxy/base/nesting.h"

bool
nesting_is_within(struct span text, size_t most)
{
    size_t depth = 0;
    bool is_string = false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (is_string) {
            i += c == '\\' ? 1 : 0;
            is_string = c != '"';
            continue;
        }
        is_string = c == '"';
        depth += c == '{' || c == '[' ? 1 : 0;
        depth -= (c == '}' || c == ']') && depth > 0 ? 1 : 0;
        if (depth > most) {
            return false;
        }
    }
    return true;
}
