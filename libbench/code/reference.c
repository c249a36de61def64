/*
 * Do two references lead to the same? To functions and data with a name: to the same offset in two
 * parts, which are compared themselves later. To imports: to the same name. To data without a name
 * (literals, jump tables): its bytes decide.
 */
#include "code/comparison.h"

#include <elf.h>
#include <string.h>

#define SAME    BENCH_CODE_IDENTICAL
#define DIFFERS BENCH_CODE_DIFFERENT
#define UNKNOWN BENCH_CODE_UNKNOWN

#define MAX_STUB_LENGTH 4 /* instructions */

const unsigned char *bench__both_bytes(const struct bench__both *t, int side) {
    const struct bench__elf_section *s = t->section[side];
    return s->bytes != NULL ? s->bytes + (t->at[side] - s->address) : NULL;
}

uint64_t bench__both_left(const struct bench__both *t, int side) {
    return t->section[side]->size - (t->at[side] - t->section[side]->address);
}

struct bench__both bench__both_of(const struct bench__comparison *c, uint64_t a, uint64_t b) {
    return (struct bench__both){
        {a, b}, {bench__elf_section_at(c->elf[0], a), bench__elf_section_at(c->elf[1], b)}};
}

/* ---- names ------------------------------------------------------------------------------------
 */

/* Compilers number the static variables of a file: counter.0, counter.1. */
static size_t length_without_number(const char *name) {
    size_t n = strlen(name), end = n;
    while (end > 0 && name[end - 1] >= '0' && name[end - 1] <= '9') {
        end--;
    }
    return end > 1 && end < n && name[end - 1] == '.' ? end - 1 : n;
}

static int same_name(const char *a, const char *b) {
    const size_t n = length_without_number(a);
    return n == length_without_number(b) && memcmp(a, b, n) == 0;
}

/* ---- bytes ------------------------------------------------------------------------------------
 */

static int is_in_program(const struct bench__comparison *c, uint64_t a, uint64_t b) {
    return bench__elf_section_at(c->elf[0], a) != NULL &&
           bench__elf_section_at(c->elf[1], b) != NULL;
}

bench_code bench__code_data_differ(struct bench__comparison *c) {
    return bench__code_say(c, DIFFERS, "data that it uses differs");
}

/* A word or constant of a program with a fixed address may be a number or an address. */
static bench_code same_value(struct bench__comparison *c, uint64_t a, uint64_t b) {
    if (!is_in_program(c, a, b)) {
        return a == b ? SAME : bench__code_data_differ(c);
    }
    const bench_code answer = bench__code_same_address(c, a, b, BENCH__TO_ADDRESS, 0);
    return answer == SAME || a != b
               ? answer
               : bench__code_say(c, UNKNOWN, "it holds a number that may be an address");
}

/* `n` bytes that the loader leaves alone. */
static bench_code same_plain(struct bench__comparison *c, const struct bench__both *t,
                             uint64_t offset, uint64_t n) {
    const unsigned char *a = bench__both_bytes(t, 0), *b = bench__both_bytes(t, 1);
    if (a == NULL || b == NULL) {
        return a == b ? SAME : bench__code_data_differ(c);
    }
    a += offset;
    b += offset;
    if (!c->elf[0]->is_fixed || !c->elf[1]->is_fixed) {
        return memcmp(a, b, n) == 0 ? SAME : bench__code_data_differ(c);
    }
    bench_code answer = SAME;
    for (uint64_t i = 0; i < n && answer == SAME;) {
        uint64_t x, y;
        if ((t->at[0] + offset + i) % 8 == 0 && n - i >= 8) {
            memcpy(&x, a + i, sizeof x);
            memcpy(&y, b + i, sizeof y);
            answer = same_value(c, x, y);
            i += 8;
        } else {
            answer = a[i] == b[i] ? SAME : bench__code_data_differ(c);
            i++;
        }
    }
    return answer;
}

static bench_code same_relocation(struct bench__comparison *c,
                                  const struct bench__elf_relocation *a,
                                  const struct bench__elf_relocation *b) {
    if (a->target != b->target) {
        return bench__code_say(c, DIFFERS, "it uses %s", a->name[0] != '\0' ? a->name : b->name);
    }
    if (a->target == BENCH__ELF_ADDRESS) {
        return bench__code_same_address(c, a->value, b->value, BENCH__TO_ADDRESS, 0);
    }
    c->has_imports = 1;
    return a->type == b->type && a->value == b->value && strcmp(a->name, b->name) == 0
               ? SAME
               : bench__code_say(c, DIFFERS, "it uses %.80s instead of %.80s", b->name, a->name);
}

static uint64_t offset_of(const struct bench__elf_relocation *r, uint64_t at, uint64_t n) {
    return r != NULL && r->address - at < n ? r->address - at : n;
}

/* `n` bytes with what the loader will put there. */
bench_code bench__code_same_bytes(struct bench__comparison *c, const struct bench__both *t,
                                  uint64_t n) {
    bench_code answer = SAME;
    c->n_work += n;
    for (uint64_t i = 0; i < n && answer == SAME;) {
        const struct bench__elf_relocation *r[2];
        uint64_t next[2];
        for (int side = 0; side < 2; side++) {
            r[side] = bench__elf_relocation_from(c->elf[side], t->at[side] + i);
            next[side] = i + offset_of(r[side], t->at[side] + i, n - i);
        }
        if (next[0] != next[1]) {
            return bench__code_data_differ(c);
        }
        answer = same_plain(c, t, i, next[0] - i);
        if (answer == SAME && next[0] < n) {
            answer = same_relocation(c, r[0], r[1]);
        }
        i = next[0] + 8;
    }
    return answer;
}

/* ---- code -------------------------------------------------------------------------------------
 */

/* Where a stub of the procedure linkage table finds the address of its function; 0: no stub. */
static uint64_t slot_of_stub(const struct bench__elf *elf, const struct bench__both *t, int side) {
    struct bench__decoder decoder = {0};
    struct bench__instruction insn;
    uint64_t at = t->at[side], left = bench__both_left(t, side);
    const unsigned char *bytes = bench__both_bytes(t, side);
    for (int i = 0; bytes != NULL && i < MAX_STUB_LENGTH; i++) {
        if (bench__code_decode(&insn, &decoder, elf, bytes, left, at) != 0) {
            return 0;
        }
        const struct bench__reference *r = &insn.references[0];
        if (insn.n_references == 1 && r->kind == BENCH__TO_DATA && r->n_bytes == 8) {
            return r->target;
        }
        bytes += insn.length;
        at += insn.length;
        left -= insn.length;
    }
    return 0;
}

static bench_code same_stub(struct bench__comparison *c, const struct bench__both *t) {
    const uint64_t a = slot_of_stub(c->elf[0], t, 0), b = slot_of_stub(c->elf[1], t, 1);
    const struct bench__both slots = bench__both_of(c, a, b);
    if (a == 0 || b == 0 || slots.section[0] == NULL || slots.section[1] == NULL ||
        bench__both_left(&slots, 0) < 8 || bench__both_left(&slots, 1) < 8) {
        return bench__code_say(c, UNKNOWN, "it calls code that has no symbol");
    }
    return bench__code_same_bytes(c, &slots, 8);
}

static bench_code same_code(struct bench__comparison *c, const struct bench__both *t) {
    const struct bench__elf_symbol *a = bench__elf_function_at(c->elf[0], t->at[0]);
    const struct bench__elf_symbol *b = bench__elf_function_at(c->elf[1], t->at[1]);
    if (a == NULL && b == NULL) {
        return same_stub(c, t);
    }
    if (a == NULL || b == NULL) {
        return bench__code_say(c, UNKNOWN, "it calls code that has no symbol");
    }
    if (t->at[0] - a->address != t->at[1] - b->address) {
        return bench__code_say(c, DIFFERS, "it calls %.80s instead of %.80s", b->name, a->name);
    }
    const struct bench__part part = {.kind = BENCH__PART_FUNCTION,
                                     .at = {a->address, b->address},
                                     .name = a->name,
                                     .function = a->name};
    return bench__code_require(c, &part);
}

/* ---- data -------------------------------------------------------------------------------------
 */

static bench_code require_unnamed(struct bench__comparison *c, const struct bench__both *t,
                                  int is_doubtful) {
    const struct bench__part part = {.kind = BENCH__PART_UNNAMED,
                                     .at = {t->at[0], t->at[1]},
                                     .name = "",
                                     .function = c->function,
                                     .is_doubtful = is_doubtful};
    return bench__code_require(c, &part);
}

static bench_code same_objects(struct bench__comparison *c, const struct bench__both *t,
                               const struct bench__elf_symbol *a, const struct bench__elf_symbol *b,
                               int is_pointer) {
    const int is_equal = a->size == b->size && t->at[0] - a->address == t->at[1] - b->address;
    /* variables are told apart by their names: their bytes are all alike when a program starts */
    if (t->section[0]->is_writable || t->section[1]->is_writable) {
        if (!is_equal || !same_name(a->name, b->name)) {
            return bench__code_say(c, DIFFERS, "it uses %.80s instead of %.80s", b->name, a->name);
        }
    } else if (!is_equal) {
        /* linkers let a literal end within a constant that ends alike */
        return is_pointer ? require_unnamed(c, t, 0)
                          : bench__code_say(c, DIFFERS, "it uses %.80s instead of %.80s", b->name,
                                            a->name);
    }
    const struct bench__part part = {.kind = BENCH__PART_OBJECT,
                                     .at = {a->address, b->address},
                                     .size = a->size,
                                     .name = a->name,
                                     .function = c->function};
    return bench__code_require(c, &part);
}

static const struct bench__elf_symbol *object_before(const struct bench__elf *elf, uint64_t at) {
    const struct bench__elf_symbol *s = at > 0 ? bench__elf_object_at(elf, at - 1) : NULL;
    return s != NULL && s->address + s->size == at ? s : NULL;
}

/* Loops over an array end at the address after it, which belongs to something else. */
static int same_ends(struct bench__comparison *c, const struct bench__both *t) {
    const struct bench__elf_symbol *a = object_before(c->elf[0], t->at[0]);
    const struct bench__elf_symbol *b = object_before(c->elf[1], t->at[1]);
    if (a == NULL || b == NULL || a->size != b->size || !same_name(a->name, b->name)) {
        return 0;
    }
    const struct bench__both starts = bench__both_of(c, a->address, b->address);
    return same_objects(c, &starts, a, b, 1) == SAME;
}

/* What is left when neither has a symbol. */
static bench_code same_unnamed(struct bench__comparison *c, const struct bench__both *t,
                               int is_pointer, unsigned n_bytes) {
    const int has_mark = bench__elf_same_mark(c->elf[0], t->at[0], c->elf[1], t->at[1]);
    if ((t->section[0]->is_writable || t->section[1]->is_writable) && !has_mark) {
        return bench__code_say(c, UNKNOWN, "it uses variables that have no symbol");
    }
    if (is_pointer) {
        return require_unnamed(c, t, same_ends(c, t));
    }
    uint64_t n = n_bytes;
    n = bench__both_left(t, 0) < n ? bench__both_left(t, 0) : n;
    n = bench__both_left(t, 1) < n ? bench__both_left(t, 1) : n;
    return bench__code_same_bytes(c, t, n);
}

static bench_code same_data(struct bench__comparison *c, const struct bench__both *t,
                            int is_pointer, unsigned n_bytes) {
    const struct bench__elf_symbol *a = bench__elf_object_at(c->elf[0], t->at[0]);
    const struct bench__elf_symbol *b = bench__elf_object_at(c->elf[1], t->at[1]);
    const int may_be_writable = t->section[0]->is_writable || t->section[1]->is_writable;
    if (bench__elf_is_handle(c->elf[0], t->at[0]) && bench__elf_is_handle(c->elf[1], t->at[1])) {
        return SAME;
    }
    if (a != NULL && b != NULL) {
        const int are_starts = a->address == t->at[0] && b->address == t->at[1];
        return is_pointer && are_starts && !same_name(a->name, b->name) && same_ends(c, t)
                   ? SAME
                   : same_objects(c, t, a, b, is_pointer);
    }
    return (a == NULL && b == NULL) || (is_pointer && !may_be_writable)
               ? same_unnamed(c, t, is_pointer, n_bytes)
               : bench__code_say(c, UNKNOWN, "it uses data that has a symbol in one of them only");
}

bench_code bench__code_same_address(struct bench__comparison *c, uint64_t a, uint64_t b,
                                    enum bench__reference_kind kind, unsigned n_bytes) {
    const struct bench__both t = bench__both_of(c, a, b);
    c->n_work += 64;
    if (c->n_work > BENCH__CODE_MAX_WORK) {
        return bench__code_say(c, UNKNOWN, "it has too much code and data");
    }
    const int is_pointer = kind == BENCH__TO_ADDRESS || kind == BENCH__TO_CONSTANT;
    if (t.section[0] == NULL || t.section[1] == NULL) {
        return (is_pointer && same_ends(c, &t)) || (a == 0 && b == 0)
                   ? SAME
                   : bench__code_say(c, UNKNOWN, "it uses an address outside of the program");
    }
    if (t.section[0]->is_code && t.section[1]->is_code) {
        return same_code(c, &t);
    }
    if (t.section[0]->is_code || t.section[1]->is_code) {
        return bench__code_data_differ(c);
    }
    return same_data(c, &t, is_pointer, n_bytes);
}

bench_code bench__code_same_reference(struct bench__comparison *c, const struct bench__reference *a,
                                      const struct bench__reference *b) {
    if (a->kind == BENCH__TO_PAGE) {
        return SAME; /* its use says */
    }
    if (a->kind != BENCH__TO_CONSTANT) {
        return bench__code_same_address(c, a->target, b->target, a->kind, a->n_bytes);
    }
    const int is_fixed = c->elf[0]->is_fixed && c->elf[1]->is_fixed;
    const bench_code answer = is_fixed                 ? same_value(c, a->target, b->target)
                              : a->target == b->target ? SAME
                                                       : DIFFERS;
    return answer != DIFFERS ? answer : bench__code_say(c, DIFFERS, "one of its constants differs");
}

bench_code bench__code_same_object(struct bench__comparison *c, const struct bench__part *part) {
    const struct bench__both t = bench__both_of(c, part->at[0], part->at[1]);
    return bench__code_same_bytes(c, &t, part->size);
}
