/* Lists: order, removing in any place and twice, moving all. */
#include "tests/unit/base/base_test.h"
#include "proxy/base/list.h"

struct item {
    int number;
    struct list node;
};

static void
items_init(struct item *items, int count)
{
    for (int i = 0; i < count; i++) {
        items[i].number = i;
        list_init(&items[i].node);
    }
}

/* Walks both ways. */
static void
assert_numbers(const struct list *head, const char *numbers)
{
    char forth[32] = "";
    char back[32] = "";
    size_t count = 0;
    for (struct list *node = head->next; node != head; node = node->next) {
        forth[count++] = (char)('0' + LIST_ITEM(node, struct item, node)->number);
    }
    forth[count] = '\0';
    for (struct list *node = head->previous; node != head; node = node->previous) {
        back[--count] = (char)('0' + LIST_ITEM(node, struct item, node)->number);
    }
    assert_string_equal(forth, numbers);
    assert_string_equal(back, numbers);
    assert_int_equal(list_is_empty(head), numbers[0] == '\0');
}

static void
test_order(void **state)
{
    struct list head;
    struct item items[4];
    (void)state;
    list_init(&head);
    items_init(items, 4);
    assert_numbers(&head, "");
    assert_null(list_take_first(&head));
    list_add_last(&head, &items[1].node);
    list_add_last(&head, &items[2].node);
    list_add_first(&head, &items[0].node);
    list_add_last(&head, &items[3].node);
    assert_numbers(&head, "0123");
    list_remove(&items[2].node);
    list_remove(&items[2].node);
    assert_numbers(&head, "013");
    assert_ptr_equal(list_take_first(&head), &items[0].node);
    assert_numbers(&head, "13");
    list_remove(&items[3].node);
    list_remove(&items[1].node);
    assert_numbers(&head, "");
}

static void
test_move_all(void **state)
{
    struct list to;
    struct list from;
    struct item items[4];
    (void)state;
    list_init(&to);
    list_init(&from);
    items_init(items, 4);
    list_move_all(&to, &from);
    assert_numbers(&to, "");
    list_add_last(&from, &items[0].node);
    list_add_last(&from, &items[1].node);
    list_move_all(&to, &from);
    assert_numbers(&to, "01");
    assert_numbers(&from, "");
    list_add_last(&from, &items[2].node);
    list_add_last(&from, &items[3].node);
    list_move_all(&to, &from);
    assert_numbers(&to, "0123");
    list_move_all(&to, &from);
    assert_numbers(&to, "0123");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_move_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
