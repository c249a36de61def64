/*
 * Compares the code of two executables, part by part: starts with a benchmark's functions, and adds
 * whatever the parts refer to until nothing is new or something differs.
 */
#include "code/code.h"

#include "base/error.h"
#include "base/mem.h"
#include "code/comparison.h"

#include <elf.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TABLE_SIZE 32768 /* above twice the number of parts; a power of 2 */

struct bench__code {
    struct bench__elf elf;
    char *path;
};

const char *const bench__code_role_names[BENCH__CODE_N_ROLES] = {"body", "setup", "thread_setup",
                                                                 "batch_setup", "batch_teardown"};

int bench__code_open(struct bench__code **out, const char *path, bench_error *err) {
    *out = bench__alloc(1, sizeof **out);
    if (*out != NULL) {
        (*out)->path = bench__strdup(path);
    }
    if (*out == NULL || (*out)->path == NULL) {
        bench__free(*out);
        *out = NULL;
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    const int code = bench__elf_open(&(*out)->elf, path, err);
    if (code != 0) {
        bench__code_close(*out);
        *out = NULL;
    }
    return code;
}

void bench__code_close(struct bench__code *code) {
    if (code != NULL) {
        bench__elf_close(&code->elf);
        bench__free(code->path);
        bench__free(code);
    }
}

/* ---- this process -----------------------------------------------------------------------------
 */

struct search {
    uintptr_t function;
    uint64_t found;
};

/* The executable itself comes first, and nothing else is of interest. */
static int look(struct dl_phdr_info *info, size_t size, void *context) {
    struct search *s = context;
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD && s->function - (info->dlpi_addr + p->p_vaddr) < p->p_memsz) {
            s->found = s->function - info->dlpi_addr;
        }
    }
    return 1;
}

uint64_t bench__code_address(uintptr_t function) {
    struct search s = {.function = function};
    if (function != 0) {
        dl_iterate_phdr(look, &s);
    }
    return s.found;
}

/* ---- parts ------------------------------------------------------------------------------------
 */

bench_code bench__code_say(struct bench__comparison *c, bench_code answer, const char *format,
                           ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(c->why, sizeof c->why, format, args);
    va_end(args);
    return answer;
}

static size_t place_of(const struct bench__comparison *c, const struct bench__part *part) {
    uint64_t hash = part->at[0] * UINT64_C(0x9e3779b97f4a7c15) ^ (part->at[1] + part->kind);
    hash *= UINT64_C(0xff51afd7ed558ccd);
    size_t place = hash >> 32 & (TABLE_SIZE - 1);
    while (c->table[place] != 0) {
        const struct bench__part *p = &c->parts[c->table[place] - 1];
        if (p->at[0] == part->at[0] && p->at[1] == part->at[1] && p->kind == part->kind) {
            break;
        }
        place = (place + 1) & (TABLE_SIZE - 1);
    }
    return place;
}

bench_code bench__code_require(struct bench__comparison *c, const struct bench__part *part) {
    const size_t place = place_of(c, part);
    if (c->table[place] != 0) {
        return BENCH_CODE_IDENTICAL;
    }
    if (c->n_parts >= BENCH__CODE_MAX_PARTS) {
        return bench__code_say(c, BENCH_CODE_UNKNOWN, "it calls and uses more than %d things",
                               BENCH__CODE_MAX_PARTS);
    }
    if (bench__grow(&c->parts, &c->capacity, c->n_parts + 1, sizeof *c->parts) != 0) {
        c->has_failed = 1;
        return bench__code_say(c, BENCH_CODE_UNKNOWN, "out of memory");
    }
    c->parts[c->n_parts++] = *part;
    c->table[place] = (uint32_t)c->n_parts;
    return BENCH_CODE_IDENTICAL;
}

/* ---- functions --------------------------------------------------------------------------------
 */

struct side {
    const struct bench__elf_symbol *symbol;
    const unsigned char *bytes;
    struct bench__decoder decoder;
    struct bench__instruction insn;
};

/* The instruction without the bits that say where something else stands. */
static void mask(unsigned char out[16], const struct side *s, uint64_t offset) {
    memset(out, 0, 16);
    memcpy(out, s->bytes + offset, s->insn.length);
    for (unsigned i = 0; i < s->insn.n_references; i++) {
        const struct bench__reference *r = &s->insn.references[i];
        for (unsigned k = 0; k < 8 && r->mask >> 8 * k != 0; k++) {
            out[r->at + k] &= (unsigned char)~(r->mask >> 8 * k);
        }
    }
}

static bench_code differ(struct bench__comparison *c) {
    return bench__code_say(c, BENCH_CODE_DIFFERENT, "its instructions differ");
}

static bench_code same_reference(struct bench__comparison *c, const struct side sides[2],
                                 unsigned i) {
    const struct bench__reference *a = &sides[0].insn.references[i];
    const struct bench__reference *b = &sides[1].insn.references[i];
    const uint64_t to_a = a->target - sides[0].symbol->address;
    const uint64_t to_b = b->target - sides[1].symbol->address;
    if (a->kind != b->kind || a->at != b->at || a->n_bytes != b->n_bytes) {
        return differ(c);
    }
    if (a->kind == BENCH__TO_CODE &&
        (to_a < sides[0].symbol->size || to_b < sides[1].symbol->size)) {
        return to_a == to_b ? BENCH_CODE_IDENTICAL : differ(c);
    }
    return bench__code_same_reference(c, a, b);
}

static bench_code same_instruction(struct bench__comparison *c, const struct side sides[2],
                                   uint64_t offset) {
    unsigned char a[16], b[16];
    const unsigned length = sides[0].insn.length;
    mask(a, &sides[0], offset);
    mask(b, &sides[1], offset);
    if (length != sides[1].insn.length ||
        sides[0].insn.n_references != sides[1].insn.n_references || memcmp(a, b, length) != 0) {
        return differ(c);
    }
    bench_code answer = BENCH_CODE_IDENTICAL;
    for (unsigned i = 0; answer == BENCH_CODE_IDENTICAL && i < sides[0].insn.n_references; i++) {
        answer = same_reference(c, sides, i);
    }
    return answer;
}

static bench_code same_instructions(struct bench__comparison *c, struct side sides[2]) {
    const uint64_t size = sides[0].symbol->size;
    bench_code answer = BENCH_CODE_IDENTICAL;
    for (uint64_t i = 0; answer == BENCH_CODE_IDENTICAL && i < size;) {
        int is_known = 1;
        for (int k = 0; k < 2; k++) {
            struct side *s = &sides[k];
            is_known &= bench__code_decode(&s->insn, &s->decoder, c->elf[k], s->bytes + i, size - i,
                                           s->symbol->address + i) == 0;
        }
        if (!is_known) {
            return bench__code_say(c, BENCH_CODE_UNKNOWN, "it has an instruction not known here");
        }
        answer = same_instruction(c, sides, i);
        i += sides[0].insn.length;
    }
    for (int k = 0; answer == BENCH_CODE_IDENTICAL && k < 2; k++) {
        if (sides[k].decoder.unused_pages != 0 || sides[k].decoder.lost_page) {
            answer = bench__code_say(c, BENCH_CODE_UNKNOWN, "it makes an address in an odd way");
        }
    }
    return answer;
}

static bench_code same_functions(struct bench__comparison *c, const struct bench__part *part) {
    struct side sides[2];
    memset(sides, 0, sizeof sides);
    for (int k = 0; k < 2; k++) {
        const struct bench__elf_section *section = bench__elf_section_at(c->elf[k], part->at[k]);
        sides[k].symbol = bench__elf_function_at(c->elf[k], part->at[k]);
        if (section->bytes == NULL) {
            return bench__code_say(c, BENCH_CODE_UNKNOWN, "its instructions are not in the file");
        }
        sides[k].bytes = section->bytes + (part->at[k] - section->address);
    }
    c->n_work += sides[0].symbol->size;
    return sides[0].symbol->size == sides[1].symbol->size ? same_instructions(c, sides) : differ(c);
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static int is_root(const struct bench__elf *elf, uint64_t at) {
    const struct bench__elf_symbol *f = bench__elf_function_at(elf, at);
    return f != NULL && f->address == at;
}

static bench_code require_roots(struct bench__comparison *c, const struct bench__code_roots *a,
                                const struct bench__code_roots *b) {
    bench_code answer = BENCH_CODE_IDENTICAL;
    for (int i = 0; answer == BENCH_CODE_IDENTICAL && i < BENCH__CODE_N_ROLES; i++) {
        const uint64_t x = a->at[i], y = b->at[i];
        if (x == 0 && y == 0) {
            continue;
        }
        if (x == 0 || y == 0) {
            c->function = bench__code_role_names[i];
            return bench__code_say(c, BENCH_CODE_DIFFERENT, "only one of them has a %s function",
                                   bench__code_role_names[i]);
        }
        if (!is_root(c->elf[0], x) || !is_root(c->elf[1], y)) {
            const int is_stripped = !c->elf[0]->has_symbols || !c->elf[1]->has_symbols;
            return bench__code_say(c, BENCH_CODE_UNKNOWN, "%s",
                                   is_stripped ? "the symbols were stripped"
                                               : "there is no symbol where the benchmark stands");
        }
        const char *name = bench__elf_function_at(c->elf[0], x)->name;
        const struct bench__part part = {
            .kind = BENCH__PART_FUNCTION, .at = {x, y}, .name = name, .function = name};
        answer = bench__code_require(c, &part);
    }
    return answer;
}

/* Goes on after something unknown: what comes may be different, and that is the better answer. */
static void compare_parts(struct bench__comparison *c, struct bench__code_result *out) {
    for (size_t i = 0; i < c->n_parts; i++) {
        const struct bench__part part = c->parts[i];
        bench_code answer;
        c->function = part.function;
        if (c->n_work > BENCH__CODE_MAX_WORK) {
            answer = bench__code_say(c, BENCH_CODE_UNKNOWN, "it has too much code and data");
        } else if (part.kind == BENCH__PART_FUNCTION) {
            answer = same_functions(c, &part);
            out->n_functions++;
        } else {
            answer = part.kind == BENCH__PART_OBJECT ? bench__code_same_object(c, &part)
                                                     : bench__code_same_unnamed(c, &part);
            out->n_objects++;
            if (answer == BENCH_CODE_DIFFERENT && part.is_doubtful) {
                answer = bench__code_say(c, BENCH_CODE_UNKNOWN,
                                         "it uses the end of some data, or what follows it");
            }
        }
        if (answer == BENCH_CODE_IDENTICAL ||
            (answer == BENCH_CODE_UNKNOWN && out->answer == BENCH_CODE_UNKNOWN)) {
            continue;
        }
        out->answer = answer;
        snprintf(out->function, sizeof out->function, "%s", part.function);
        memcpy(out->reason, c->why, sizeof out->reason);
        if (answer == BENCH_CODE_DIFFERENT || c->n_work > BENCH__CODE_MAX_WORK) {
            return;
        }
    }
}

static int is_same_file(const struct bench__elf *a, const struct bench__elf *b) {
    return a->n_bytes == b->n_bytes && memcmp(a->bytes, b->bytes, a->n_bytes) == 0;
}

static void answer(struct bench__code_result *out, struct bench__comparison *c, bench_code answer) {
    out->answer = answer;
    memcpy(out->reason, c->why, sizeof out->reason);
}

static void compare(struct bench__code_result *out, struct bench__comparison *c,
                    const struct bench__code_roots *a, const struct bench__code_roots *b,
                    const char *const paths[2]) {
    const uint16_t machine = c->elf[0]->machine;
    if (a->at[BENCH__CODE_BODY] == 0 || b->at[BENCH__CODE_BODY] == 0) {
        answer(out, c,
               bench__code_say(c, BENCH_CODE_UNKNOWN, "it does not say where its code stands"));
        return;
    }
    if (is_same_file(c->elf[0], c->elf[1]) && memcmp(a, b, sizeof *a) == 0) {
        c->has_imports = 1;
        out->answer = BENCH_CODE_IDENTICAL;
    } else if (machine != c->elf[1]->machine || (machine != EM_X86_64 && machine != EM_AARCH64)) {
        answer(out, c, bench__code_say(c, BENCH_CODE_UNKNOWN, "not on this architecture"));
    } else {
        answer(out, c, require_roots(c, a, b));
        if (out->answer == BENCH_CODE_IDENTICAL) {
            compare_parts(c, out);
        } else if (out->answer == BENCH_CODE_DIFFERENT) {
            snprintf(out->function, sizeof out->function, "%s", c->function);
        }
    }
    if (out->answer == BENCH_CODE_IDENTICAL && c->has_imports) {
        answer(out, c, bench__code_same_libraries(c, paths));
    }
}

int bench__code_compare(struct bench__code_result *out, struct bench__code *a,
                        const struct bench__code_roots *roots_a, struct bench__code *b,
                        const struct bench__code_roots *roots_b, bench_error *err) {
    struct bench__comparison c = {.elf = {&a->elf, &b->elf},
                                  .table = bench__alloc(TABLE_SIZE, sizeof *c.table)};
    const char *const paths[2] = {a->path, b->path};
    memset(out, 0, sizeof *out);
    if (c.table == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory to compare code");
    }
    compare(out, &c, roots_a, roots_b, paths);
    bench__free(c.table);
    bench__free(c.parts);
    if (c.has_failed) {
        memset(out, 0, sizeof *out);
        return bench__error(err, BENCH_ENOMEM, "out of memory to compare code");
    }
    if (out->answer == BENCH_CODE_IDENTICAL) {
        out->reason[0] = '\0';
    }
    return 0;
}
