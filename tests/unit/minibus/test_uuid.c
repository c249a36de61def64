/* UUIDs: form, version bits, distinctness, also between threads and after fork. */
#include "testing.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "minibus/uuid.h"

enum { N = 1000 };

static int compare(const void *a, const void *b) {
    return memcmp(a, b, sizeof(mb_uuid));
}

static void assert_distinct(mb_uuid *ids, size_t n) {
    qsort(ids, n, sizeof *ids, compare);
    for (size_t i = 1; i < n; i++) {
        assert_true(compare(&ids[i - 1], &ids[i]) != 0);
    }
}

static void check_generator(int (*generate)(mb_uuid *)) {
    mb_uuid ids[N], all_or = {{0}}, all_and;
    memset(&all_and, 0xff, sizeof all_and);
    for (int i = 0; i < N; i++) {
        assert_int_equal(generate(&ids[i]), 0);
        assert_int_equal(ids[i].bytes[6] >> 4, 4); /* version */
        assert_int_equal(ids[i].bytes[8] >> 6, 2); /* variant */
        for (int k = 0; k < 16; k++) {
            all_or.bytes[k] |= ids[i].bytes[k];
            all_and.bytes[k] &= ids[i].bytes[k];
        }
    }
    for (int k = 0; k < 16; k++) { /* every other bit takes both values */
        const int fixed = k == 6 ? 0xf0 : k == 8 ? 0xc0 : 0;
        assert_int_equal((all_or.bytes[k] ^ all_and.bytes[k]) | fixed, 0xff);
    }
    assert_distinct(ids, N);
}

static void test_system(void **state) {
    (void)state;
    check_generator(mb_uuid_from_system);
}

static void test_prng(void **state) {
    (void)state;
    check_generator(mb_uuid_from_prng);
}

static void *generate_many(void *ids) {
    for (int i = 0; i < N; i++) {
        mb_uuid_from_prng((mb_uuid *)ids + i);
    }
    return NULL;
}

static void test_threads_have_streams_of_their_own(void **state) {
    (void)state;
    static mb_uuid ids[4 * N];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, generate_many, ids + i * N), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_distinct(ids, 4 * N);
}

static void test_forked_child_does_not_repeat_its_parent(void **state) {
    (void)state;
    int fds[2];
    mb_uuid parents, childs;
    assert_int_equal(mb_uuid_from_prng(&parents), 0); /* the generator is seeded */
    assert_int_equal(pipe(fds), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        mb_uuid_from_prng(&childs);
        _exit(write(fds[1], &childs, sizeof childs) == sizeof childs ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read(fds[0], &childs, sizeof childs), sizeof childs);
    assert_int_equal(mb_uuid_from_prng(&parents), 0);
    assert_memory_not_equal(&parents, &childs, sizeof parents);
    close(fds[0]);
    close(fds[1]);
}

static void test_format_and_parse(void **state) {
    (void)state;
    const mb_uuid id = {{0xf8, 0x1d, 0x4f, 0xae, 0x7d, 0xec, 0x11, 0xd0, 0xa7, 0x65, 0x00, 0xa0,
                         0xc9, 0x1e, 0x6b, 0xf6}};
    char text[MB_UUID_TEXT_SIZE];
    mb_uuid parsed;
    assert_ptr_equal(mb_uuid_format(text, &id), text);
    assert_string_equal(text, "f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
    assert_int_equal(mb_uuid_parse(&parsed, text), 0);
    assert_memory_equal(&parsed, &id, sizeof id);
    assert_int_equal(mb_uuid_parse(&parsed, "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"), 0);
    assert_memory_equal(&parsed, &id, sizeof id);
}

static void test_parse_refuses(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        "f",
        "f81d4fae",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf60",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf6 ",
        " f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "f81d4fae7dec-11d0-a765-00a0c91e6bf6-",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bg6",
        "f81d4fae-7dec-11d0-a765-00a0c91e6b@6",
        "{81d4fae-7dec-11d0-a765-00a0c91e6bf6}",
        "f81d4fae_7dec_11d0_a765_00a0c91e6bf6",
    };
    mb_uuid id;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(mb_uuid_parse(&id, wrong[i]), MB_EINVAL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_system),
        cmocka_unit_test(test_prng),
        cmocka_unit_test(test_threads_have_streams_of_their_own),
        cmocka_unit_test(test_forked_child_does_not_repeat_its_parent),
        cmocka_unit_test(test_format_and_parse),
        cmocka_unit_test(test_parse_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
