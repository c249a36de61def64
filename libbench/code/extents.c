/*
 * Where data without a symbol starts and ends. A linker keeps no names of literals and jump tables;
 * what is left of them is that something points to their start. The next start is the end.
 */
#include "base/mem.h"
#include "code/comparison.h"

#include <elf.h>
#include <stdlib.h>

struct starts {
    struct bench__elf *elf;
    size_t capacity;
    int failed;
};

static void add(struct starts *s, uint64_t address) {
    const struct bench__elf_section *section = bench__elf_section_at(s->elf, address);
    if (section == NULL || section->is_code || s->failed) {
        return;
    }
    s->failed =
        bench__grow(&s->elf->starts, &s->capacity, s->elf->n_starts + 1, sizeof(uint64_t)) != 0;
    if (!s->failed) {
        s->elf->starts[s->elf->n_starts++] = address;
    }
}

int bench__code_decode(struct bench__instruction *out, struct bench__decoder *decoder,
                       const struct bench__elf *elf, const unsigned char *bytes, size_t n,
                       uint64_t address) {
    return elf->machine == EM_X86_64 ? bench__decode_x86(out, bytes, n, address)
                                     : bench__decode_arm64(out, decoder, bytes, n, address);
}

static void scan(struct starts *s, const struct bench__elf_symbol *f, uint64_t from) {
    const struct bench__elf_section *section = bench__elf_section_at(s->elf, f->address);
    struct bench__decoder decoder = {0};
    struct bench__instruction insn;
    if (section->bytes == NULL) {
        return;
    }
    for (uint64_t i = from - f->address; i < f->size; i += insn.length) {
        const unsigned char *bytes = section->bytes + (f->address - section->address) + i;
        if (bench__code_decode(&insn, &decoder, s->elf, bytes, f->size - i, f->address + i) != 0) {
            return;
        }
        for (unsigned k = 0; k < insn.n_references; k++) {
            const struct bench__reference *r = &insn.references[k];
            if (r->kind != BENCH__TO_PAGE && (r->kind != BENCH__TO_CONSTANT || s->elf->is_fixed)) {
                add(s, r->target);
            }
        }
    }
}

static int by_value(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int bench__extents_find(struct bench__elf *elf) {
    struct starts s = {.elf = elf};
    uint64_t done = 0; /* each byte is decoded once, however functions overlap */
    if (elf->has_starts) {
        return 0;
    }
    for (size_t i = 0; i < elf->n_functions && !s.failed; i++) {
        const struct bench__elf_symbol *f = &elf->functions[i];
        if (f->address + f->size > done) {
            scan(&s, f, f->address > done ? f->address : done);
            done = f->address + f->size;
        }
    }
    for (size_t i = 0; i < elf->n_relocations && !s.failed; i++) {
        if (elf->relocations[i].target == BENCH__ELF_ADDRESS) {
            add(&s, elf->relocations[i].value);
        }
    }
    for (size_t i = 0; i < elf->n_objects && !s.failed; i++) {
        add(&s, elf->objects[i].address);
    }
    if (s.failed) {
        bench__free(elf->starts);
        elf->starts = NULL;
        elf->n_starts = 0;
        return BENCH_ENOMEM;
    }
    if (elf->n_starts > 0) {
        qsort(elf->starts, elf->n_starts, sizeof *elf->starts, by_value);
    }
    elf->has_starts = 1;
    return 0;
}

uint64_t bench__extent(const struct bench__elf *elf, uint64_t address) {
    const struct bench__elf_section *section = bench__elf_section_at(elf, address);
    size_t low = 0, high = elf->n_starts;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (elf->starts[middle] <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const uint64_t end = section->address + section->size;
    return low < elf->n_starts && elf->starts[low] < end ? elf->starts[low] - address
                                                         : end - address;
}
