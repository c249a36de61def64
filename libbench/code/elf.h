/*
 * code/elf.h - what an executable's file holds: sections, symbols, relocations, needed libraries.
 *
 * 64-bit little-endian ELF, x86-64 and arm64. The file is untrusted: every offset and every string
 * is checked, and what does not fit is an error. Addresses are those of the file: a process has
 * them shifted by where it was loaded.
 */
#ifndef BENCH_CODE_ELF_H
#define BENCH_CODE_ELF_H

#include <bench/common.h>

struct bench__elf_section {
    const char *name;
    uint64_t address, size;
    const unsigned char *bytes; /* NULL: zeros (.bss) */
    int is_code, is_writable;   /* writable while the program runs: not .got, .data.rel.ro */
};

struct bench__elf_symbol {
    const char *name;
    uint64_t address, size; /* all of it in one section */
};

enum bench__elf_target {
    BENCH__ELF_ADDRESS, /* `value` is an address in this file */
    BENCH__ELF_IMPORT   /* `name` + `value`, from a shared library; TLS and copies too */
};

/** What the loader puts into the 8 bytes at an address. */
struct bench__elf_relocation {
    uint64_t address;
    enum bench__elf_target target;
    uint32_t type;
    uint64_t value;
    const char *name; /* of an import; "" without */
};

struct bench__elf {
    char *bytes;
    size_t n_bytes;
    uint16_t machine; /* EM_X86_64, EM_AARCH64 or another */
    int is_fixed;     /* linked to one address (not PIE): code may hold addresses as constants */
    int has_symbols;  /* at least one function has a name */

    /* All sorted by address. The sections are those of the running program, without TLS zeros. */
    struct bench__elf_section *sections;
    struct bench__elf_symbol *functions, *objects;
    struct bench__elf_symbol *marks; /* names of places in the data, without a size */
    struct bench__elf_relocation *relocations;
    size_t n_sections, n_functions, n_objects, n_marks, n_relocations, relocation_capacity;

    const char **needed; /* names of libraries, in the file's order */
    size_t n_needed;
    const char *search_path; /* RUNPATH or RPATH; NULL without */

    uint64_t *starts; /* of data, sorted; from bench__extents_find() */
    size_t n_starts;
    int has_starts;
};

/** @return 0; BENCH_ENOTFOUND, BENCH_EIO, BENCH_ENOMEM, BENCH_EFORMAT (no such ELF, or damaged). */
int bench__elf_open(struct bench__elf *out, const char *path, bench_error *err);
void bench__elf_close(struct bench__elf *elf);

const struct bench__elf_section *bench__elf_section_at(const struct bench__elf *elf,
                                                       uint64_t address);
/** The function or object (the largest, if several) that holds the address. NULL: none. */
const struct bench__elf_symbol *bench__elf_function_at(const struct bench__elf *elf,
                                                       uint64_t address);
const struct bench__elf_symbol *bench__elf_object_at(const struct bench__elf *elf,
                                                     uint64_t address);
/** 1 when a mark of one name stands at `address` in `elf` and at `other` in `of`. */
int bench__elf_same_mark(const struct bench__elf *elf, uint64_t address,
                         const struct bench__elf *of, uint64_t other);
/** 1 when the program's handle of itself stands there: all that it says is its own address. */
int bench__elf_is_handle(const struct bench__elf *elf, uint64_t address);
/** The relocation of exactly this place, or the first from there on with `from`. NULL: none. */
const struct bench__elf_relocation *bench__elf_relocation_at(const struct bench__elf *elf,
                                                             uint64_t address);
const struct bench__elf_relocation *bench__elf_relocation_from(const struct bench__elf *elf,
                                                               uint64_t address);

/* ---- for elf.c only: the second half of opening */

/** A section as the file has it, its contents checked to lie within the file. */
struct bench__elf_table {
    const unsigned char *bytes;
    size_t n_entries, entry_size;
    const char *strings; /* of the linked string table, terminated; NULL without */
    size_t n_strings;
};

int bench__elf_read_symbols(struct bench__elf *elf, const struct bench__elf_table *table,
                            bench_error *err);
/** `symbols` are the dynamic ones, which the relocations number. */
int bench__elf_read_relocations(struct bench__elf *elf, const struct bench__elf_table *table,
                                const struct bench__elf_table *symbols, bench_error *err);
/** Relative relocations in packed form (SHT_RELR). */
int bench__elf_read_packed(struct bench__elf *elf, const struct bench__elf_table *table,
                           bench_error *err);
int bench__elf_read_dynamic(struct bench__elf *elf, const struct bench__elf_table *table,
                            bench_error *err);
void bench__elf_sort(struct bench__elf *elf);

#endif
