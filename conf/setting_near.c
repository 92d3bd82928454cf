#include "conf/setting.h"

#include <string.h>
#include "proxy/base/span.h"

enum { NEAR_KEY_MAX = 40 };

static size_t
least(size_t a, size_t b, size_t c)
{
    size_t smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

/* Letters to insert, remove or change (Levenshtein), without regard to case; NEAR_KEY_MAX for texts
 * that are longer than that. */
static size_t
near_distance(const char *a, const char *b)
{
    size_t row[NEAR_KEY_MAX + 1];
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    if (a_size > NEAR_KEY_MAX || b_size > NEAR_KEY_MAX) {
        return NEAR_KEY_MAX;
    }
    for (size_t j = 0; j <= b_size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t change = span_lower(a[i - 1]) == span_lower(b[j - 1]) ? 0 : 1;
            size_t above = row[j];
            row[j] = least(diagonal + change, above + 1, row[j - 1] + 1);
            diagonal = above;
        }
    }
    return row[b_size];
}

static const struct setting *
near_elsewhere(const char *key)
{
    const struct setting *setting;
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        if (setting->type != SETTING_TYPE_LATER && strcmp(setting_key(setting), key) == 0) {
            return setting;
        }
    }
    return NULL;
}

const struct setting *
setting_nearest(const char *group_path, const char *key)
{
    const struct setting *nearest = NULL;
    size_t nearest_distance = strlen(key) / 3 + 1;
    const struct setting *setting;
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        if (setting->type == SETTING_TYPE_LATER || !setting_is_in(setting, group_path)) {
            continue;
        }
        size_t distance = near_distance(key, setting_key(setting));
        if (distance <= nearest_distance) {
            nearest = setting;
            nearest_distance = distance - (distance > 0 ? 1 : 0);
        }
    }
    return nearest != NULL ? nearest : near_elsewhere(key);
}
