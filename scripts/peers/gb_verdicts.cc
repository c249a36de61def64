// The bodies of the selftest (libbench/selftest/bodies.c) for Google Benchmark. VERDICTS_WORK is
// how much an iteration does, in thousandths: 1020 is 1.02 times the operations of 1000.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

static size_t operations(size_t per_thousandth) {
    static const char *const text = std::getenv("VERDICTS_WORK");
    static const size_t work = text != nullptr ? std::strtoul(text, nullptr, 10) : 1000;
    return per_thousandth * work;
}

template <class T> static void barrier(T &value) {
    __asm__ volatile("" : "+r"(value));
}

// Multiplications, each waiting for the last.
static void latency(benchmark::State &state) {
    const size_t n = operations(10);
    for (auto _ : state) {
        uint64_t x = n, y = 3;
        barrier(y);
        for (size_t i = 0; i < n; i++) {
            x *= y;
            barrier(x);
        }
        benchmark::DoNotOptimize(x);
    }
}
BENCHMARK(latency);

// Branches that follow a generator, in 25 places.
#define BRANCH                                                                                     \
    x = x * 6364136223846793005u + 1442695040888963407u;                                           \
    if (x >> 63) {                                                                                 \
        a += x;                                                                                    \
        barrier(a);                                                                                \
    } else {                                                                                       \
        a ^= x;                                                                                    \
        barrier(a);                                                                                \
    }
#define BRANCHES_5 BRANCH BRANCH BRANCH BRANCH BRANCH

static void branch(benchmark::State &state) {
    static uint64_t x = 88172645463325252u;
    const size_t n_operations = operations(5);
    for (auto _ : state) {
        uint64_t a = 0;
        size_t n = n_operations;
        for (; n >= 25; n -= 25) {
            BRANCHES_5 BRANCHES_5 BRANCHES_5 BRANCHES_5 BRANCHES_5
        }
        for (; n > 0; n--) {
            BRANCH
        }
        benchmark::DoNotOptimize(a);
    }
}
BENCHMARK(branch);

// One cycle through 256 KiB, a step for each cache line.
struct line {
    uint32_t next;
    char unused[60];
};

static std::vector<line> linked_lines() {
    std::vector<line> lines((256 << 10) / sizeof(line));
    std::vector<uint32_t> next(lines.size());
    std::mt19937_64 random(1);
    std::iota(next.begin(), next.end(), 0u);
    for (size_t i = next.size() - 1; i > 0; i--) {
        std::swap(next[i], next[random() % i]);
    }
    for (size_t i = 0; i < lines.size(); i++) {
        lines[i].next = next[i];
    }
    return lines;
}

static void cache(benchmark::State &state) {
    static const std::vector<line> lines = linked_lines();
    static uint32_t at = 0;
    const size_t n = operations(5);
    for (auto _ : state) {
        for (size_t i = 0; i < n; i++) {
            at = lines[at].next;
        }
        benchmark::DoNotOptimize(at);
    }
}
BENCHMARK(cache);

// Round and round 128 KiB, neither side aligned.
static void copy(benchmark::State &state) {
    enum { RING = 128 << 10, FROM = 1, TO = FROM + RING + 64 * 1024 + 2048 + 34 };
    static std::vector<unsigned char> bytes(TO + RING, 7);
    static size_t at = 0;
    const size_t n_bytes = operations(1200);
    for (auto _ : state) {
        for (size_t n = n_bytes; n > 0;) {
            const size_t to_end = RING - at, now = n < to_end ? n : to_end;
            std::memcpy(bytes.data() + TO + at, bytes.data() + FROM + at, now);
            benchmark::ClobberMemory();
            at = now < to_end ? at + now : 0;
            n -= now;
        }
    }
}
BENCHMARK(copy);

// Free and malloc of 16 bytes to 4 KiB; a block lives for 64 steps.
static std::vector<uint16_t> block_sizes() {
    std::vector<uint16_t> sizes(1 << 12);
    std::mt19937_64 random(2);
    for (uint16_t &size : sizes) {
        size = static_cast<uint16_t>(16 + random() % 4081);
    }
    return sizes;
}

static void allocator(benchmark::State &state) {
    static const std::vector<uint16_t> sizes = block_sizes();
    static void *slots[64];
    static size_t at = 0;
    const size_t n = operations(1);
    for (auto _ : state) {
        for (size_t i = 0; i < n; i++, at++) {
            void *&slot = slots[at * 37 % 64];
            std::free(slot);
            slot = std::malloc(sizes[at % sizes.size()]);
            benchmark::DoNotOptimize(slot);
        }
    }
}
BENCHMARK(allocator);

BENCHMARK_MAIN();
