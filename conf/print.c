#include "conf/conf.h"

#include <string.h>
#include "conf/setting.h"

static size_t
depth_of(const struct setting *setting)
{
    size_t depth = 0;
    for (const char *c = setting->path; *c != '\0'; c++) {
        depth += *c == '.' ? 1 : 0;
    }
    return depth;
}

static void
print_value(FILE *out, const struct setting *setting, struct buf *text)
{
    buf_clear(text);
    setting_write_wanted(setting, text);
    const char *wanted = buf_string(text);
    fprintf(out, "; %s", wanted == NULL ? "?" : wanted);
    if (setting->default_text == NULL) {
        fputs("; must be given", out);
    } else if (setting->default_text[0] != '\0') {
        fprintf(out, "; default %s", setting->default_text);
    }
}

/* One setting as a line of what it takes and a line of what it means. */
static void
print_setting(FILE *out, const struct setting *setting, struct buf *text)
{
    int indent = (int)(4 * depth_of(setting));
    if (setting->type == SETTING_TYPE_LATER) {
        return;
    }
    fprintf(out, "%*s%s", indent, "", setting_key(setting));
    if (setting->type == SETTING_TYPE_GROUP) {
        fputs(setting->is_list ? " = ( { ... }, ... )" : " = { ... }", out);
    } else {
        print_value(out, setting, text);
    }
    fprintf(out, "\n%*s    %s\n", indent, "", setting->meaning);
}

void
conf_print_settings(FILE *out)
{
    struct buf text;
    const struct setting *setting;
    buf_init(&text);
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        print_setting(out, setting, &text);
    }
    buf_fini(&text);
}
