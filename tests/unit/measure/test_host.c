/* Fingerprints of machines whose /proc and /sys lie in tests/data/host, and classes of hosts. */
#include "measure/host.h"
#include "unit/measure/near.h"

#include <stdio.h>
#include <string.h>

#define KIB 1024

static void test_laptop(void **state) {
    (void)state;
    bench_host h;
    bench__host_read(&h, TEST_DATA_DIR "/host/laptop");
    assert_string_equal(h.cpu_model, "11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz");
    assert_string_equal(h.hypervisor, "none");
    assert_string_equal(h.microcode, "0xb8");
    assert_string_equal(h.governor, "powersave");
    assert_string_equal(h.clocksource, "tsc");
    assert_string_equal(h.turbo, "on");
    assert_string_equal(h.smt, "on");
    assert_string_equal(h.aslr, "full");
    assert_int_equal(h.memory_bytes, 16173460ll * KIB);
    assert_int_equal(h.l1d_bytes, 48 * KIB);
    assert_int_equal(h.l2_bytes, 1280 * KIB);
    assert_int_equal(h.l3_bytes, 12 * KIB * KIB);
    assert_true(isnan(h.cpu_quota));
    assert_near(h.load_1min, 1.25, 0);
    assert_int_equal(h.libbench_major, BENCH_VERSION_MAJOR);
}

static void test_kvm(void **state) {
    (void)state;
    bench_host h;
    bench__host_read(&h, TEST_DATA_DIR "/host/kvm");
    assert_string_equal(h.cpu_model, "AMD EPYC 9454P 48-Core Processor");
    assert_string_equal(h.hypervisor, "kvm");
    assert_string_equal(h.governor, "");
    assert_string_equal(h.clocksource, "kvm-clock");
    assert_string_equal(h.turbo, "");
    assert_string_equal(h.smt, "off");
    assert_string_equal(h.aslr, "partial");
    assert_int_equal(h.l1d_bytes, -1);
    assert_int_equal(h.l3_bytes, -1);
    assert_near(h.cpu_quota, 1.5, 0); /* the parent's */
    assert_near(h.load_1min, 0, 0);
}

static void test_container_v1(void **state) {
    (void)state;
    bench_host h;
    bench__host_read(&h, TEST_DATA_DIR "/host/container_v1");
    assert_string_equal(h.hypervisor, "unknown"); /* the CPU says virtual, nothing says which */
    assert_string_equal(h.turbo, "off");
    assert_string_equal(h.smt, "");
    assert_string_equal(h.aslr, "off");
    assert_near(h.cpu_quota, 0.5, 0);
    assert_int_equal(h.l1d_bytes, -1);
    assert_int_equal(h.memory_bytes, -1);
    assert_true(isnan(h.load_1min));
}

static void test_arm64(void **state) {
    (void)state;
    bench_host h;
    bench__host_read(&h, TEST_DATA_DIR "/host/arm64");
    assert_string_equal(h.cpu_model, "arm 0x41 part 0xd0c");
    assert_string_equal(h.hypervisor, "kvm");
    assert_string_equal(h.microcode, "");
}

static void test_nothing_to_read(void **state) {
    (void)state;
    bench_host h;
    bench__host_read(&h, TEST_DATA_DIR "/host/nowhere");
    assert_string_equal(h.cpu_model, "");
    assert_string_equal(h.hypervisor, "");
    assert_string_equal(h.compiler, "");
    assert_string_equal(h.governor, "");
    assert_string_equal(h.aslr, "");
    assert_int_equal(h.memory_bytes, -1);
    assert_int_equal(h.l2_bytes, -1);
    assert_true(isnan(h.cpu_quota) && isnan(h.load_1min));
    assert_string_not_equal(h.arch, ""); /* system calls work without any files */
    assert_string_not_equal(h.kernel, "");
    assert_true(h.n_cpus >= 1);
}

/* Whatever this machine is: strings end, numbers are numbers or "unknown", and twice is the same.
 */
static void test_this_machine(void **state) {
    (void)state;
    bench_host a, b;
    char class_a[64], class_b[64], differences[400];
    bench__host_read(&a, "");
    bench__host_read(&b, "");
    assert_true(a.n_cpus >= 1);
    assert_true(a.memory_bytes == -1 || a.memory_bytes > 0);
    assert_true(a.l1d_bytes == -1 || a.l1d_bytes > 0);
    assert_true(isnan(a.cpu_quota) || a.cpu_quota > 0);
    assert_true(isnan(a.load_1min) || a.load_1min >= 0);
    assert_string_not_equal(a.arch, "");
    bench__host_class(&a, class_a);
    bench__host_class(&b, class_b);
    assert_string_equal(class_a, class_b);
    assert_int_equal(bench__host_differences(&a, &b, differences, sizeof differences), 0);
    assert_string_equal(differences, "");
}

static bench_host example(const char *cpu_model, const char *hypervisor, const char *compiler) {
    bench_host h = {.arch = "x86_64", .flags = "-O2 -DNDEBUG", .clock = BENCH_CLOCK_TSC};
    snprintf(h.cpu_model, sizeof h.cpu_model, "%s", cpu_model);
    snprintf(h.hypervisor, sizeof h.hypervisor, "%s", hypervisor);
    snprintf(h.compiler, sizeof h.compiler, "%s", compiler);
    return h;
}

/* The hash is compared too: a class names directories that outlive versions of the library. */
static void test_classes(void **state) {
    (void)state;
    static const struct {
        const char *cpu_model, *hypervisor, *compiler, *expected;
    } cases[] = {
        {"AMD EPYC 9454P 48-Core Processor", "kvm", "gcc 12.2.0",
         "amd-epyc-9454p-48-core-kvm-gcc12"},
        {"AMD EPYC", "kvm", "clang 14.0.6", "amd-epyc-kvm-clang14"},
        {"11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz", "none", "gcc 9.4.0",
         "11th-gen-intel-core-i7-1165g7-gcc9"},
        {"Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz", "unknown", "",
         "intel-xeon-platinum-8370c-unknown"},
        {"AMD Ryzen 7 PRO 6850U with Radeon Graphics", "none", "gcc 13.1.0",
         "amd-ryzen-7-pro-6850u-gcc13"},
        {"", "", "", "x86-64"},
        {"@@@ ((", "none", "", "x86-64"},
        {"\xc3\xa9t\xc3\xa9 CPU", "none", "", "t"},
        {"A processor whose maker liked very long names indeed", "some-very-long-hypervisor",
         "experimentalcompiler 1.0", "a-processor-whose-maker-liked-some-very-lo-experimenta"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench_host h = example(cases[i].cpu_model, cases[i].hypervisor, cases[i].compiler);
        char class[64];
        bench__host_class(&h, class);
        size_t n = strlen(class);
        assert_true(n <= 60);
        assert_int_equal(strspn(class, "abcdefghijklmnopqrstuvwxyz0123456789-"), n);
        assert_int_equal(class[n - 5], '-');
        class[n - 5] = '\0';
        assert_string_equal(class, cases[i].expected);
    }
}

static void test_class_is_stable(void **state) {
    (void)state;
    bench_host h = example("AMD EPYC", "kvm", "gcc 12.2.0");
    char class[64];
    bench__host_class(&h, class);
    assert_string_equal(class, "amd-epyc-kvm-gcc12-3914");
}

/* Every hard key changes the class and is listed; no soft key does. */
static void test_hard_keys(void **state) {
    (void)state;
    const bench_host base = example("AMD EPYC", "kvm", "gcc 12.2.0");
    bench_host changed[7];
    static const char *const lines[] = {
        "cpu_model: AMD EPYC here, Other in the baseline",
        "hypervisor: kvm here, xen in the baseline",
        "compiler: gcc 12.2.0 here, gcc 12.2.1 in the baseline",
        "flags: -O2 -DNDEBUG here, (none) in the baseline",
        "arch: x86_64 here, aarch64 in the baseline",
        "clock: tsc here, monotonic in the baseline",
        "libbench_major: 0 here, 3 in the baseline",
    };
    for (int i = 0; i < 7; i++)
        changed[i] = base;
    strcpy(changed[0].cpu_model, "Other");
    strcpy(changed[1].hypervisor, "xen");
    strcpy(changed[2].compiler, "gcc 12.2.1");
    strcpy(changed[3].flags, "");
    strcpy(changed[4].arch, "aarch64");
    changed[5].clock = BENCH_CLOCK_MONOTONIC_RAW;
    changed[6].libbench_major = 3;
    char ours[64], theirs[64], text[400];
    bench__host_class(&base, ours);
    for (int i = 0; i < 7; i++) {
        bench__host_class(&changed[i], theirs);
        assert_string_not_equal(ours, theirs);
        assert_int_equal(bench__host_differences(&base, &changed[i], text, sizeof text), 1);
        assert_string_equal(text, lines[i]);
    }
    bench_host soft = base;
    strcpy(soft.hostname, "elsewhere");
    strcpy(soft.kernel, "7.0");
    strcpy(soft.governor, "performance");
    soft.n_cpus = 99;
    bench__host_class(&soft, theirs);
    assert_string_equal(ours, theirs);
    assert_int_equal(bench__host_differences(&base, &soft, text, sizeof text), 0);
}

static void test_differences_are_cut_to_size(void **state) {
    (void)state;
    bench_host a = example("A", "kvm", "gcc 12.2.0"), b = example("B", "xen", "gcc 12.2.0");
    char whole[200], cut[200];
    const char *expected = "cpu_model: A here, B in the baseline; hypervisor: kvm here, xen in the "
                           "baseline";
    assert_int_equal(bench__host_differences(&a, &b, whole, sizeof whole), 2);
    assert_string_equal(whole, expected);
    for (size_t size = 1; size <= strlen(expected); size++) {
        memset(cut, 'x', sizeof cut);
        assert_int_equal(bench__host_differences(&a, &b, cut, size), 2);
        assert_int_equal(strlen(cut), size - 1);
        assert_memory_equal(cut, expected, size - 1);
        assert_int_equal(cut[size], 'x');
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_laptop),          cmocka_unit_test(test_kvm),
        cmocka_unit_test(test_container_v1),    cmocka_unit_test(test_arm64),
        cmocka_unit_test(test_nothing_to_read), cmocka_unit_test(test_this_machine),
        cmocka_unit_test(test_classes),         cmocka_unit_test(test_class_is_stable),
        cmocka_unit_test(test_hard_keys),       cmocka_unit_test(test_differences_are_cut_to_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
