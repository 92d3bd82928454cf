/* Session tickets: resumed by whoever has the secret, for as long as the keys of a period are held.
 */
#include "tests/unit/net/tls_kit.h"

#include "proxy/net/loop_parts.h"
#include "proxy/net/tls_thread.h"

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* The wall clock of the streams, in periods after a fixed moment. */
static unsigned period;

static uint64_t
wall_us(void)
{
    return (UINT64_C(1790000000) + (uint64_t)period * TLS_TICKET_PERIOD_S) * 1000000;
}

/* One connection to a fresh loop on a store; offers *session if there is one, and leaves the newest
 * there. */
static bool
visit(struct tls_store *store, int version, SSL_SESSION **session)
{
    struct loop *loop;
    struct kit_link link;
    assert_int_equal(loop_new(&loop), ERR_OK);
    tls_thread_of(loop)->wall_us = wall_us;
    kit_open(&link, loop, store);
    SSL_set_min_proto_version(link.ssl, version);
    SSL_set_max_proto_version(link.ssl, version);
    kit_ask_for(link.ssl, "site.example");
    if (*session != NULL) {
        SSL_set_session(link.ssl, *session);
    }
    assert_true(kit_handshake(&link));
    kit_request(&link, "ask");
    kit_answer(&link, "answer");
    bool is_resumed = stream_tls_is_resumed(&link.near.stream);
    assert_int_equal(is_resumed, SSL_session_reused(link.ssl));
    if (link.session == NULL && version == TLS1_2_VERSION) {
        link.session = SSL_get1_session(link.ssl); /* a renewed ticket is put into a copy */
    }
    if (link.session != NULL) {
        SSL_SESSION_free(*session);
        *session = link.session;
        link.session = NULL;
    }
    kit_close(&link);
    loop_free(loop);
    return is_resumed;
}

/* Two stores stand for two processes, with certificates of their own and one secret. */
static void
test_another_store_with_the_secret_resumes(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tls_store *first = kit_good_store("site", "shared secret");
        struct tls_store *second = kit_good_store("renewed", "shared secret");
        struct tls_store *stranger = kit_good_store("site", "another secret");
        SSL_SESSION *session = NULL;
        period = 5;
        assert_false(visit(first, versions[i], &session));
        assert_non_null(session);
        assert_true(visit(first, versions[i], &session));
        assert_true(visit(second, versions[i], &session));
        assert_false(visit(stranger, versions[i], &session));
        SSL_SESSION_free(session);
        tls_store_unref(first);
        tls_store_unref(second);
        tls_store_unref(stranger);
    }
}

/* A ticket of the period before is opened and renewed; also one of a node whose clock is ahead. */
static void
test_rotation(void **state)
{
    (void)state;
    static const struct {
        unsigned made;
        unsigned used;
        bool is_resumed;
    } cases[] = {{5, 5, true}, {5, 6, true}, {5, 7, false}, {6, 5, true}, {7, 5, false}};
    struct tls_store *store = kit_good_store("site", "shared secret");
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < sizeof cases / sizeof cases[0]; j++) {
            SSL_SESSION *session = NULL;
            period = cases[j].made;
            assert_false(visit(store, versions[i], &session));
            period = cases[j].used;
            assert_int_equal(visit(store, versions[i], &session), cases[j].is_resumed);
            /* Whatever was offered, a ticket of the present period has been given out. */
            assert_true(visit(store, versions[i], &session));
            SSL_SESSION_free(session);
        }
    }
    tls_store_unref(store);
}

static void
test_without_secret_no_ticket(void **state)
{
    (void)state;
    struct tls_store *store = kit_good_store("site", "");
    for (size_t i = 0; i < 2; i++) {
        SSL_SESSION *session = NULL;
        assert_false(visit(store, versions[i], &session));
        assert_false(visit(store, versions[i], &session));
        SSL_SESSION_free(session);
    }
    tls_store_unref(store);
}

static void
test_ring(void **state)
{
    (void)state;
    struct tls_ticket_ring ring, next, other;
    uint64_t now = UINT64_C(1790000000);
    tls_ticket_ring_derive(&ring, SPAN("secret"), now);
    tls_ticket_ring_derive(&next, SPAN("secret"), now + TLS_TICKET_PERIOD_S);
    tls_ticket_ring_derive(&other, SPAN("Secret"), now);
    assert_memory_equal(&ring.next, &next.current, sizeof ring.next);
    assert_memory_equal(&ring.current, &next.previous, sizeof ring.next);
    assert_memory_not_equal(&ring.current, &other.current, sizeof ring.next);
    assert_memory_not_equal(ring.current.cipher, ring.current.mac, TLS_TICKET_KEY_SIZE);
    assert_ptr_equal(tls_ticket_ring_find(&ring, ring.current.name), &ring.current);
    assert_ptr_equal(tls_ticket_ring_find(&ring, ring.next.name), &ring.next);
    assert_ptr_equal(tls_ticket_ring_find(&ring, ring.previous.name), &ring.previous);
    assert_null(tls_ticket_ring_find(&ring, next.next.name));
    assert_true(tls_ticket_ring_is_of(&ring, now));
    assert_false(tls_ticket_ring_is_of(&ring, now + TLS_TICKET_PERIOD_S));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_store_with_the_secret_resumes),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_without_secret_no_ticket),
        cmocka_unit_test(test_ring),
    };
    if (mkdtemp(kit_folder) == NULL) {
        return 1;
    }
    kit_make_pair("site", "Site", "DNS:site.example", -KIT_DAY_S, KIT_DAY_S);
    kit_make_pair("renewed", "Site", "DNS:site.example", -KIT_DAY_S, KIT_DAY_S);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    kit_remove();
    return failed;
}
