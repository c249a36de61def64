/*
 * The hard keys of a host: the directory name they make, and how two hosts differ in them. A file
 * of its own because it needs no machine: it works on records read from files just as well.
 */
#include "measure/host.h"

#include "measure/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { N_HARD_KEYS = 7 };

/* Name and text of a hard key; the order enters the hash and must not change. `buf` is for numbers.
 */
static const char *hard_key(const bench_host *host, int i, const char **out_text, char buf[16]) {
    snprintf(buf, 16, "%d", host->libbench_major);
    const struct {
        const char *name, *text;
    } keys[N_HARD_KEYS] = {
        {"cpu_model", host->cpu_model}, {"hypervisor", host->hypervisor},
        {"compiler", host->compiler},   {"flags", host->flags},
        {"arch", host->arch},           {"clock", bench__clock_name(host->clock)},
        {"libbench_major", buf},
    };
    *out_text = keys[i].text;
    return keys[i].name;
}

/* FNV-1a over the texts and their terminators, folded to 16 bits. */
static unsigned hash_of(const bench_host *host) {
    uint64_t hash = 0xcbf29ce484222325;
    for (int i = 0; i < N_HARD_KEYS; i++) {
        char buf[16];
        const char *text;
        hard_key(host, i, &text, buf);
        for (size_t k = 0; k <= strlen(text); k++)
            hash = (hash ^ (unsigned char)text[k]) * 0x100000001b3;
    }
    hash ^= hash >> 32;
    return (unsigned)((hash ^ hash >> 16) & 0xffff);
}

/* Writes [a-z0-9] in lower case, other runs as one '-', "(R)" and the like left out; at most max
 * bytes. @return their number. */
static size_t slug(char *out, size_t max, const char *text, size_t text_n) {
    size_t n = 0;
    for (size_t i = 0; i < text_n && n < max; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '(')
            i += strcspn(text + i, ")");
        else if (c < 128 && isalnum(c))
            out[n++] = (char)tolower(c);
        else if (n > 0 && out[n - 1] != '-')
            out[n++] = '-';
    }
    while (n > 0 && out[n - 1] == '-')
        n--;
    out[n] = '\0';
    return n;
}

/* Bytes of "Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz" before what tells nothing. */
static size_t telling_part(const char *cpu_model) {
    static const char *const ends[] = {" CPU", " Processor", " with ", " @"};
    size_t n = strlen(cpu_model);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const char *end = strstr(cpu_model, ends[i]);
        if (end && (size_t)(end - cpu_model) < n)
            n = (size_t)(end - cpu_model);
    }
    return n;
}

/* "gcc 12.2.0" as "gcc12": minor versions are in the hash. */
static size_t compiler_slug(char *out, size_t max, const char *compiler) {
    size_t n = 0;
    for (; *compiler && *compiler != '.' && n < max; compiler++) {
        unsigned char c = (unsigned char)*compiler;
        if (c < 128 && isalnum(c))
            out[n++] = (char)tolower(c);
    }
    out[n] = '\0';
    return n;
}

void bench__host_class(const bench_host *host, char out[64]) {
    enum { CPU_MAX = 30, HYPERVISOR_MAX = 12, COMPILER_MAX = 11 }; /* and "-xxxx": at most 60 */
    char cpu[CPU_MAX + 1], hypervisor[HYPERVISOR_MAX + 1], compiler[COMPILER_MAX + 1];
    if (!slug(cpu, CPU_MAX, host->cpu_model, telling_part(host->cpu_model)) &&
        !slug(cpu, CPU_MAX, host->arch, strlen(host->arch)))
        strcpy(cpu, "unknown");
    int is_virtual = strcmp(host->hypervisor, "none") != 0 &&
                     slug(hypervisor, HYPERVISOR_MAX, host->hypervisor, strlen(host->hypervisor));
    int has_compiler = compiler_slug(compiler, COMPILER_MAX, host->compiler) > 0;
    snprintf(out, 64, "%s%s%s%s%s-%04x", cpu, is_virtual ? "-" : "", is_virtual ? hypervisor : "",
             has_compiler ? "-" : "", compiler, hash_of(host));
}

int bench__host_differences(const bench_host *ours, const bench_host *theirs, char *out,
                            size_t size) {
    int n_different = 0;
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < N_HARD_KEYS; i++) {
        char our_buf[16], their_buf[16];
        const char *here, *there;
        const char *name = hard_key(ours, i, &here, our_buf);
        hard_key(theirs, i, &there, their_buf);
        if (strcmp(here, there) == 0)
            continue;
        int n = snprintf(out + used, size - used, "%s%s: %s here, %s in the baseline",
                         n_different++ ? "; " : "", name, here[0] ? here : "(none)",
                         there[0] ? there : "(none)");
        used = n > 0 && (size_t)n < size - used ? used + (size_t)n : size - 1;
    }
    return n_different;
}
