/* Executables that are cut, damaged, or something else: an error, or an answer, never a crash. */
#include "code/elf.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/rng.h"
#include "code/code.h"
#include "code_support.h"
#include "support/scratch.h"

#include <elf.h>
#include <stdio.h>

#define WHOLE   SUBJECTS "/moving/AS_IT_IS"
#define N_SEEDS 150

struct workshop {
    char dir[SCRATCH_SIZE], path[SCRATCH_SIZE + 16];
    char *bytes; /* of a good executable */
    size_t n;
    uint64_t subject;
    struct bench__code *whole;
};

static int open_workshop(void **state) {
    static struct workshop w;
    scratch_make(w.dir);
    snprintf(w.path, sizeof w.path, "%s/damaged", w.dir);
    assert_int_equal(bench__read_file(&w.bytes, &w.n, WHOLE, 0, NULL), 0);
    assert_int_equal(bench__code_open(&w.whole, WHOLE, NULL), 0);
    w.subject = address_of(WHOLE, "subject");
    *state = &w;
    return 0;
}

static int close_workshop(void **state) {
    struct workshop *w = *state;
    bench__free(w->bytes);
    bench__code_close(w->whole);
    scratch_remove(w->dir);
    return 0;
}

/* Writes the file, opens it and compares it with the good one. @return what opening said. */
static int try(struct workshop *w, const char *bytes, size_t n, struct bench__code_result *out) {
    const struct bench__code_roots roots = {{w->subject}};
    struct bench__code *code;
    bench_error err = {0};
    FILE *file = fopen(w->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    const int status = bench__code_open(&code, w->path, &err);
    assert_int_equal(err.code, status);
    memset(out, 0, sizeof *out);
    if (status == 0) {
        assert_int_equal(bench__code_compare(out, w->whole, &roots, code, &roots, NULL), 0);
        assert_int_equal(bench__code_compare(out, code, &roots, w->whole, &roots, NULL), 0);
        bench__code_close(code);
    } else {
        assert_string_equal(err.place, w->path);
    }
    return status;
}

static void a_cut_executable_is_an_error(void **state) {
    struct workshop *w = *state;
    struct bench__code_result r;
    for (size_t n = 0; n < w->n; n += 64) {
        assert_int_equal(try(w, w->bytes, n, &r), BENCH_EFORMAT);
    }
    assert_int_equal(try(w, w->bytes, w->n, &r), 0);
    assert_int_equal(r.answer, BENCH_CODE_IDENTICAL);
}

/* Damages a part of the file, so that most of it makes sense still. */
static void damage(struct workshop *w, size_t from, size_t n, int n_bytes) {
    char *copy = bench__memdup(w->bytes, w->n, 1);
    struct bench__code_result r;
    assert_non_null(copy);
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        struct bench__rng rng;
        bench__rng_init(&rng, seed);
        memcpy(copy, w->bytes, w->n);
        for (int i = 0; i < n_bytes; i++) {
            copy[from + bench__rng_below(&rng, n)] = (char)bench__rng_u64(&rng);
        }
        const int status = try(w, copy, w->n, &r);
        assert_true(status == 0 || status == BENCH_EFORMAT);
    }
    bench__free(copy);
}

static Elf64_Shdr header(const struct workshop *w, uint32_t type) {
    Elf64_Ehdr file;
    Elf64_Shdr section;
    memcpy(&file, w->bytes, sizeof file);
    for (size_t i = 0; i < file.e_shnum; i++) {
        memcpy(&section, w->bytes + file.e_shoff + i * sizeof section, sizeof section);
        if (section.sh_type == type) {
            return section;
        }
    }
    fail_msg("no section of type %u", type);
    return section;
}

static void damaged_section_headers_are_survived(void **state) {
    struct workshop *w = *state;
    Elf64_Ehdr file;
    memcpy(&file, w->bytes, sizeof file);
    damage(w, file.e_shoff, file.e_shnum * sizeof(Elf64_Shdr), 1);
    damage(w, file.e_shoff, file.e_shnum * sizeof(Elf64_Shdr), 8);
    damage(w, 16, sizeof file - 16, 1);
}

static void damaged_tables_are_survived(void **state) {
    struct workshop *w = *state;
    static const uint32_t types[] = {SHT_SYMTAB, SHT_DYNSYM, SHT_RELA, SHT_DYNAMIC, SHT_STRTAB};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const Elf64_Shdr s = header(w, types[i]);
        damage(w, s.sh_offset, s.sh_size, 1);
        damage(w, s.sh_offset, s.sh_size, 20);
    }
}

static void damaged_code_is_survived(void **state) {
    struct workshop *w = *state;
    struct bench__elf elf;
    assert_int_equal(bench__elf_open(&elf, WHOLE, NULL), 0);
    const struct bench__elf_section *s = bench__elf_section_at(&elf, w->subject);
    const size_t offset = (size_t)((const char *)s->bytes - elf.bytes);
    const size_t size = s->size;
    bench__elf_close(&elf);
    damage(w, offset, size, 1);
    damage(w, offset, size, 50);
}

static void what_is_no_such_executable_is_refused(void **state) {
    struct workshop *w = *state;
    struct bench__code_result r;
    char *copy = bench__memdup(w->bytes, w->n, 1);
    assert_non_null(copy);
    copy[EI_CLASS] = ELFCLASS32;
    assert_int_equal(try(w, copy, w->n, &r), BENCH_EFORMAT);
    copy[EI_CLASS] = ELFCLASS64;
    copy[EI_DATA] = ELFDATA2MSB;
    assert_int_equal(try(w, copy, w->n, &r), BENCH_EFORMAT);
    copy[EI_DATA] = ELFDATA2LSB;
    copy[16] = ET_REL;
    assert_int_equal(try(w, copy, w->n, &r), BENCH_EFORMAT);
    copy[16] = ET_DYN;
    copy[18] = (char)EM_RISCV;
    assert_int_equal(try(w, copy, w->n, &r), 0);
    assert_int_equal(r.answer, BENCH_CODE_UNKNOWN);
    assert_string_equal(r.reason, "not on this architecture");
    bench__free(copy);
    assert_int_equal(try(w, "#!/bin/sh\n", 10, &r), BENCH_EFORMAT);
}

/* A name that does not end, a symbol that reaches beyond its section. */
static void symbols_are_checked(void **state) {
    struct workshop *w = *state;
    struct bench__code_result r;
    struct bench__elf elf;
    char *copy = bench__memdup(w->bytes, w->n, 1);
    const Elf64_Shdr s = header(w, SHT_SYMTAB);
    assert_non_null(copy);
    for (size_t i = 0; i < s.sh_size / sizeof(Elf64_Sym); i++) {
        Elf64_Sym symbol;
        memcpy(&symbol, copy + s.sh_offset + i * sizeof symbol, sizeof symbol);
        symbol.st_size = UINT64_MAX - 5;
        memcpy(copy + s.sh_offset + i * sizeof symbol, &symbol, sizeof symbol);
    }
    assert_int_equal(try(w, copy, w->n, &r), 0);
    assert_int_equal(r.answer, BENCH_CODE_UNKNOWN);
    assert_int_equal(bench__elf_open(&elf, w->path, NULL), 0);
    assert_int_equal(elf.n_functions + elf.n_objects, 0);
    bench__elf_close(&elf);
    const uint32_t far = UINT32_MAX;
    memcpy(copy + s.sh_offset + sizeof(Elf64_Sym), &far, sizeof far);
    assert_int_equal(try(w, copy, w->n, &r), BENCH_EFORMAT);
    bench__free(copy);
}

static void a_file_that_is_not_there_is_named(void **state) {
    struct workshop *w = *state;
    struct bench__code *code;
    bench_error err = {0};
    char path[SCRATCH_SIZE + 16];
    snprintf(path, sizeof path, "%s/none", w->dir);
    assert_int_equal(bench__code_open(&code, path, &err), BENCH_ENOTFOUND);
    assert_null(code);
    assert_string_equal(err.place, path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_executable_is_an_error),
        cmocka_unit_test(damaged_section_headers_are_survived),
        cmocka_unit_test(damaged_tables_are_survived),
        cmocka_unit_test(damaged_code_is_survived),
        cmocka_unit_test(what_is_no_such_executable_is_refused),
        cmocka_unit_test(symbols_are_checked),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
