/* The settings of docs/configuration.md: one table for each group, made from conf/settings.def. */
#include <stdio.h>
#include <string.h>
#include "conf/setting.h"

static const char *
text_of(struct buf *text)
{
    const char *string = buf_string(text);
    return string == NULL ? "out of memory" : string;
}

/* A bar would end the cell. */
static void
print_cell(const char *text)
{
    for (; *text != '\0'; text++) {
        printf(*text == '|' ? "\\|" : "%c", *text);
    }
}

static void
print_default(const struct setting *setting)
{
    if (setting->default_text == NULL) {
        fputs("must be given", stdout);
    } else if (setting->default_text[0] == '\0') {
        fputs(setting->is_list ? "none" : "empty", stdout);
    } else {
        printf("`%s`", setting->default_text);
    }
}

static void
print_row(const struct setting *setting)
{
    struct buf wanted;
    buf_init(&wanted);
    setting_write_wanted(setting, &wanted);
    printf("| `%s` | ", setting_key(setting));
    print_cell(text_of(&wanted));
    fputs(" | ", stdout);
    print_default(setting);
    fputs(" | ", stdout);
    print_cell(setting->meaning);
    fputs(" |\n", stdout);
    buf_fini(&wanted);
}

/* The settings that stand directly in a group; "" is the file. */
static void
print_table(const char *group)
{
    const struct setting *setting;
    fputs("| name | takes | default | meaning |\n| --- | --- | --- | --- |\n", stdout);
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        bool has_own_table =
            setting->type == SETTING_TYPE_GROUP || setting->type == SETTING_TYPE_LATER;
        if (setting_is_in(setting, group) && !has_own_table) {
            print_row(setting);
        }
    }
}

static void
print_group(const struct setting *group)
{
    printf("\n### %s\n\n`%s = %s;` %s", group->path, setting_key(group),
           group->is_list ? "( { ... }, { ... } )" : "{ ... }", group->meaning);
    if (group->is_list && group->min > 0) {
        fputs(" At least one.", stdout);
    }
    fputs("\n\n", stdout);
    print_table(group->path);
}

static void
print_later(void)
{
    const struct setting *setting;
    fputs("\n### Names that this version refuses\n\nThey are known, and kept for what later "
          "versions bring:",
          stdout);
    const char *before = " ";
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        if (setting->type == SETTING_TYPE_LATER) {
            printf("%s`%s`", before, setting->path);
            before = ", ";
        }
    }
    fputs(".\n", stdout);
}

int
main(void)
{
    const struct setting *setting;
    fputs("### In the file itself\n\n", stdout);
    print_table("");
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        if (setting->type == SETTING_TYPE_GROUP) {
            print_group(setting);
        }
    }
    print_later();
    return 0;
}
