/* Events as JSON: every kind with every field there and back, and what is not one of ours refused.
 */
#include "tests/unit/base/base_test.h"
#include "control/drive/codec.h"

static void
fill_text(char *out, size_t size)
{
    /* The longest there can be, with what JSON escapes and what is not ASCII. */
    static const char start[] = "\"\\/\n\t\x7f \xc3\xa4\xe2\x82\xac\xf0\x9f\x9a\x82";
    memset(out, 'x', size - 1);
    out[size - 1] = '\0';
    memcpy(out, start, sizeof(start) - 1 < size - 1 ? sizeof(start) - 1 : 0);
}

static void
fill_field(struct core_event *event, const struct core_field_info *info, unsigned seed)
{
    void *member = (char *)event + info->offset;
    char addresses[CORE_ADDRESSES_MAX][CORE_ADDRESS_SIZE];
    switch (info->type) {
    case CORE_TYPE_TEXT:
        fill_text(member, info->size);
        break;
    case CORE_TYPE_NUMBER:
        *(uint64_t *)member = (UINT64_C(1) << 53) - 1 - seed;
        break;
    case CORE_TYPE_FLAG:
        *(bool *)member = true;
        break;
    case CORE_TYPE_DIGEST:
        memset(member, (int)(seed + 1), sizeof(struct digest));
        break;
    case CORE_TYPE_NAME:
        *(uint64_t *)member = info->name_count - 1;
        break;
    case CORE_TYPE_ADDRESSES:
        for (int i = 0; i < CORE_ADDRESSES_MAX; i++) {
            snprintf(addresses[i], sizeof(addresses[i]), "127.0.0.1:%d", i + 1);
        }
        assert_int_equal(core_event_set_addresses(event, addresses, CORE_ADDRESSES_MAX), ERR_OK);
        break;
    case CORE_TYPE_MOVES:
        event->move_count = CORE_MOVES_MAX;
        for (size_t i = 0; i < CORE_MOVES_MAX; i++) {
            snprintf(event->moves[i].role, sizeof(event->moves[i].role), "role-%zu", i);
            memset(&event->moves[i].to, (int)i + 1, sizeof(struct digest));
            memset(&event->moves[i].from, i % 2 == 0 ? 0 : 77, sizeof(struct digest));
        }
        break;
    default:
        fail_msg("a type of field that this test does not know");
    }
}

static void
assert_round_trip(const struct core_event *event, uint64_t nonce)
{
    struct buf stored;
    struct buf again;
    struct core_event back;
    char trouble[256] = "";
    buf_init(&stored);
    buf_init(&again);
    assert_int_equal(codec_encode(event, nonce, &stored), ERR_OK);
    assert_null(memchr(buf_span(&stored).data, '\n', buf_size(&stored)));
    enum err err = codec_decode(buf_span(&stored), &back, trouble, sizeof(trouble));
    assert_string_equal(trouble, "");
    assert_int_equal(err, ERR_OK);
    if (!core_event_equal(event, &back)) {
        print_error("%s\n", buf_string(&stored));
    }
    assert_true(core_event_equal(event, &back));
    assert_int_equal(codec_encode(&back, nonce, &again), ERR_OK);
    assert_true(span_equal(buf_span(&stored), buf_span(&again)));
    core_event_fini(&back);
    buf_fini(&stored);
    buf_fini(&again);
}

static void
fill_common(struct core_event *event)
{
    event->wall_us = 1709210096123456;
    fill_text(event->by, sizeof(event->by));
    fill_text(event->claimed, sizeof(event->claimed));
    fill_text(event->note, sizeof(event->note));
}

static void
test_round_trips(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < CORE_EVENT_COUNT; kind++) {
        struct core_event event;
        core_event_init(&event, (enum core_event_kind)kind);
        assert_round_trip(&event, 0);
        fill_common(&event);
        assert_round_trip(&event, 1);
        for (unsigned field = 0; field < CORE_FIELD_COUNT; field++) {
            if (!core_event_has_field(event.kind, (enum core_field)field)) {
                continue;
            }
            const struct core_field_info *info = core_field_info((enum core_field)field);
            struct core_event alone;
            core_event_init(&alone, event.kind);
            fill_field(&alone, info, field);
            assert_round_trip(&alone, 0);
            core_event_fini(&alone);
            fill_field(&event, info, field);
        }
        assert_round_trip(&event, UINT64_MAX);
        core_event_fini(&event);
    }
}

/* No field hides behind a key that every event has. */
static void
test_keys_do_not_clash(void **state)
{
    static const char *const common[] = {"event", "at_us", "by",    "claimed",
                                         "note",  "nonce", "epoch", "at"};
    (void)state;
    for (unsigned field = 0; field < CORE_FIELD_COUNT; field++) {
        const struct core_field_info *info = core_field_info((enum core_field)field);
        for (size_t i = 0; i < COUNT_OF(common); i++) {
            /* Snapshots have an epoch and are never described for people. */
            if (field != CORE_FIELD_EPOCH) {
                assert_string_not_equal(info->key, common[i]);
            }
        }
    }
}

/* One golden line: old journals hold it for ever. */
static void
test_stored_form(void **state)
{
    struct core_event event;
    struct buf stored;
    (void)state;
    core_event_init(&event, CORE_EVENT_WEIGHT_SET);
    event.wall_us = 5;
    snprintf(event.by, sizeof(event.by), "alice(1000)");
    snprintf(event.role, sizeof(event.role), "web");
    memset(&event.digest, 0xab, sizeof(event.digest));
    event.weight_bp = 250;
    buf_init(&stored);
    assert_true(buf_append_text(&stored, "before "));
    assert_int_equal(codec_encode(&event, 0x1f, &stored), ERR_OK);
    assert_string_equal(
        buf_string(&stored),
        "before {\"event\":\"weight.set\",\"at_us\":5,\"by\":\"alice(1000)\","
        "\"nonce\":\"000000000000001f\",\"role\":\"web\",\"digest\":"
        "\"abababababababababababababababababababababababababababababababab\",\"weight_bp\":250}");
    buf_clear(&stored);
    assert_int_equal(codec_describe(&event, 17, &stored), ERR_OK);
    assert_string_equal(
        buf_string(&stored),
        "{\"epoch\":17,\"at\":\"1970-01-01T00:00:00.000Z\",\"event\":\"weight.set\","
        "\"by\":\"alice(1000)\",\"note\":\"\",\"role\":\"web\",\"digest\":"
        "\"abababababababababababababababababababababababababababababababab\",\"weight_bp\":250}");
    /* For people a share of nothing is said; what is stored stays without. */
    event.weight_bp = 0;
    buf_fini(&stored);
    assert_int_equal(codec_encode(&event, 0, &stored), ERR_OK);
    assert_null(strstr(buf_string(&stored), "weight_bp"));
    assert_int_equal(codec_describe(&event, 18, &stored), ERR_OK);
    assert_non_null(strstr(buf_string(&stored), "\"weight_bp\":0}"));
    buf_fini(&stored);
}

/* What cannot be written whole is not written at all. */
static void
test_not_utf8(void **state)
{
    struct core_event event;
    struct buf stored;
    (void)state;
    core_event_init(&event, CORE_EVENT_MAINTENANCE_ON);
    snprintf(event.role, sizeof(event.role), "web");
    snprintf(event.message, sizeof(event.message), "back \xff soon");
    buf_init(&stored);
    assert_true(buf_append_text(&stored, "kept"));
    assert_int_not_equal(codec_encode(&event, 1, &stored), ERR_OK);
    assert_int_not_equal(codec_describe(&event, 1, &stored), ERR_OK);
    assert_string_equal(buf_string(&stored), "kept");
    buf_fini(&stored);
}

#define D32 "abababababababababababababababababababababababababababababababab"

static const struct {
    const char *text;
    enum err err;
    const char *trouble; /* is named in it */
} refused[] = {
    {"", ERR_CORRUPT, ""},
    {"{", ERR_CORRUPT, ""},
    {"[]", ERR_CORRUPT, ""},
    {"null", ERR_CORRUPT, ""},
    {"{}", ERR_CORRUPT, ""},
    {"{\"event\":7}", ERR_CORRUPT, ""},
    {"{\"event\":\"hold.end\"} x", ERR_CORRUPT, ""},
    {"{\"event\":\"hold.end\"}{}", ERR_CORRUPT, ""},
    {"{\"event\":\"hold.end\",\"event\":\"hold.end\"}", ERR_CORRUPT, ""},
    {"{\"event\":\"hold.end\",\"role\":\"a\",\"role\":\"b\"}", ERR_CORRUPT, ""},
    {"{\"event\":\"hold.end\",\"role\":\"\xff\"}", ERR_CORRUPT, ""},
    {"{\"event\":\"hold.end\",\"role\":\"a\\u0000b\"}", ERR_CORRUPT, ""},
    /* a newer program wrote it */
    {"{\"event\":\"set.teleported\"}", ERR_VERSION, "set.teleported"},
    {"{\"event\":\"hold.end\",\"colour\":1}", ERR_VERSION, "colour"},
    {"{\"event\":\"hold.end\",\"weight_bp\":1}", ERR_VERSION, "weight_bp"},
    {"{\"event\":\"hold.end\",\"epoch\":1}", ERR_VERSION, "epoch"},
    {"{\"event\":\"cutover.begin\",\"moves\":[{\"role\":\"web\",\"to\":\"" D32 "\",\"share\":1}]}",
     ERR_VERSION, "moves"},
    /* values that nobody wrote */
    {"{\"event\":\"hold.end\",\"role\":1}", ERR_CORRUPT, "role"},
    {"{\"event\":\"hold.end\",\"role\":null}", ERR_CORRUPT, "role"},
    {"{\"event\":\"hold.end\",\"role\":\"a234567890123456789012345678901234\"}", ERR_CORRUPT,
     "role"},
    {"{\"event\":\"hold.end\",\"by\":[]}", ERR_CORRUPT, "by"},
    {"{\"event\":\"hold.end\",\"nonce\":1}", ERR_CORRUPT, "nonce"},
    {"{\"event\":\"hold.end\",\"at_us\":-1}", ERR_CORRUPT, "at_us"},
    {"{\"event\":\"hold.end\",\"at_us\":\"1\"}", ERR_CORRUPT, "at_us"},
    {"{\"event\":\"hold.begin\",\"max_ms\":-1}", ERR_CORRUPT, "max_ms"},
    {"{\"event\":\"hold.begin\",\"max_ms\":1.5}", ERR_CORRUPT, "max_ms"},
    {"{\"event\":\"hold.begin\",\"max_ms\":true}", ERR_CORRUPT, "max_ms"},
    {"{\"event\":\"hold.begin\",\"max_ms\":99999999999999999999}", ERR_CORRUPT, ""},
    {"{\"event\":\"weight.set\",\"digest\":\"ab\"}", ERR_CORRUPT, "digest"},
    {"{\"event\":\"weight.set\",\"digest\":\"" D32 "a\"}", ERR_CORRUPT, "digest"},
    {"{\"event\":\"weight.set\",\"digest\":\"g" D32 "\"}", ERR_CORRUPT, "digest"},
    {"{\"event\":\"cutover.begin\",\"kind\":\"teleport\"}", ERR_CORRUPT, "kind"},
    {"{\"event\":\"cutover.begin\",\"kind\":0}", ERR_CORRUPT, "kind"},
    {"{\"event\":\"cutover.begin\",\"force\":1}", ERR_CORRUPT, "force"},
    {"{\"event\":\"cutover.begin\",\"moves\":{}}", ERR_CORRUPT, "moves"},
    {"{\"event\":\"cutover.begin\",\"moves\":[1]}", ERR_CORRUPT, "moves"},
    {"{\"event\":\"cutover.begin\",\"moves\":[{\"role\":\"web\"}]}", ERR_CORRUPT, "moves"},
    {"{\"event\":\"cutover.begin\",\"moves\":[{\"to\":\"" D32 "\"}]}", ERR_CORRUPT, "moves"},
    {"{\"event\":\"cutover.begin\",\"moves\":[{\"role\":\"web\",\"to\":\"" D32 "\",\"from\":1}]}",
     ERR_CORRUPT, "moves"},
    {"{\"event\":\"set.registered\",\"addresses\":\"127.0.0.1:1\"}", ERR_CORRUPT, "addresses"},
    {"{\"event\":\"set.registered\",\"addresses\":[\"127.0.0.1:1\",2]}", ERR_CORRUPT, "addresses"},
};

static void
test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct core_event event = {.wall_us = 4711};
        char trouble[256] = "";
        enum err err = codec_decode(span_of(refused[i].text), &event, trouble, sizeof(trouble));
        if (err != refused[i].err || strstr(trouble, refused[i].trouble) == NULL) {
            print_error("%s: %d %s\n", refused[i].text, err, trouble);
        }
        assert_int_equal(err, refused[i].err);
        assert_non_null(strstr(trouble, refused[i].trouble));
        assert_true(trouble[0] != '\0');
        assert_int_equal(event.wall_us, 4711);
    }
}

static void
test_too_many(void **state)
{
    struct buf text;
    (void)state;
    for (int is_moves = 0; is_moves < 2; is_moves++) {
        int most = is_moves ? CORE_MOVES_MAX : CORE_ADDRESSES_MAX;
        for (int count = most; count <= most + 1; count++) {
            struct core_event event;
            char trouble[256];
            buf_init(&text);
            buf_printf(&text, "{\"event\":\"%s\",\"%s\":[",
                       is_moves ? "cutover.begin" : "set.registered",
                       is_moves ? "moves" : "addresses");
            for (int i = 0; i < count; i++) {
                buf_printf(&text, "%s%s", i == 0 ? "" : ",",
                           is_moves ? "{\"role\":\"web\",\"to\":\"" D32 "\"}" : "\"127.0.0.1:1\"");
            }
            buf_append_text(&text, "]}");
            enum err err = codec_decode(buf_span(&text), &event, trouble, sizeof(trouble));
            assert_int_equal(err, count > most ? ERR_CORRUPT : ERR_OK);
            if (err == ERR_OK) {
                core_event_fini(&event);
            }
            buf_fini(&text);
        }
    }
}

/* Cut at every byte, a stored event is none. */
static void
test_cut(void **state)
{
    static const char whole[] =
        "{\"event\":\"set.registered\",\"at_us\":5,\"by\":\"a\",\"nonce\":\"01\",\"role\":\"web\","
        "\"build\":\"v1\",\"digest\":\"" D32 "\",\"addresses\":[\"127.0.0.1:1\"]}";
    struct core_event event;
    char trouble[256];
    (void)state;
    for (size_t size = 0; size < sizeof(whole) - 1; size++) {
        assert_int_equal(codec_decode((struct span){whole, size}, &event, trouble, sizeof(trouble)),
                         ERR_CORRUPT);
    }
    assert_int_equal(codec_decode(SPAN(whole), &event, trouble, sizeof(trouble)), ERR_OK);
    core_event_fini(&event);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips), cmocka_unit_test(test_keys_do_not_clash),
        cmocka_unit_test(test_stored_form), cmocka_unit_test(test_not_utf8),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
