/*
 * Symbols, relocations and needed libraries of an executable, and finding them by address.
 */
#include "base/error.h"
#include "base/mem.h"
#include "code/elf.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* Symbols may overlap (aliases, a local label in a function): so many are looked at. */
#define MAX_OVERLAP 16

static int damaged(bench_error *err, const char *what) {
    return bench__error(err, BENCH_EFORMAT, "a damaged executable: %s", what);
}

static int no_memory(bench_error *err) {
    return bench__error(err, BENCH_ENOMEM, "out of memory for its symbols");
}

static const char *string_at(const struct bench__elf_table *table, uint64_t offset) {
    return offset < table->n_strings ? table->strings + offset : NULL;
}

/* What a symbol names, if it is the code or data of the running program. */
static const struct bench__elf_section *home(const struct bench__elf *elf, const Elf64_Sym *s) {
    const int type = ELF64_ST_TYPE(s->st_info);
    if (s->st_shndx == SHN_UNDEF || s->st_shndx == SHN_ABS || type == STT_TLS ||
        type == STT_SECTION || type == STT_FILE) {
        return NULL;
    }
    const struct bench__elf_section *section = bench__elf_section_at(elf, s->st_value);
    return section != NULL && s->st_size <= section->size - (s->st_value - section->address)
               ? section
               : NULL;
}

int bench__elf_read_symbols(struct bench__elf *elf, const struct bench__elf_table *table,
                            bench_error *err) {
    elf->functions = bench__alloc(table->n_entries, sizeof *elf->functions);
    elf->objects = bench__alloc(table->n_entries, sizeof *elf->objects);
    elf->marks = bench__alloc(table->n_entries, sizeof *elf->marks);
    if (elf->functions == NULL || elf->objects == NULL || elf->marks == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < table->n_entries; i++) {
        Elf64_Sym s;
        memcpy(&s, table->bytes + i * sizeof s, sizeof s);
        const char *name = string_at(table, s.st_name);
        if (name == NULL) {
            return damaged(err, "a symbol without a name");
        }
        const struct bench__elf_section *section = home(elf, &s);
        const struct bench__elf_symbol symbol = {name, s.st_value, s.st_size};
        if (section == NULL) {
            continue;
        }
        if (!section->is_code && s.st_size == 0) {
            elf->marks[elf->n_marks++] = symbol;
        } else if (!section->is_code) {
            elf->objects[elf->n_objects++] = symbol;
        } else if (s.st_size > 0) {
            elf->functions[elf->n_functions++] = symbol;
        }
    }
    elf->has_symbols = elf->n_functions > 0;
    return 0;
}

/* Every relocated place takes 8 bytes of the program: more of them than that are a lie. */
static int grow(struct bench__elf *elf, size_t n_more, bench_error *err) {
    if (n_more > elf->n_bytes || elf->n_relocations > elf->n_bytes / 8 + 64) {
        return damaged(err, "more relocations than it has bytes");
    }
    return bench__grow(&elf->relocations, &elf->relocation_capacity, elf->n_relocations + n_more,
                       sizeof *elf->relocations) == 0
               ? 0
               : no_memory(err);
}

static int is_relative(uint16_t machine, uint32_t type) {
    return machine == EM_X86_64 ? type == R_X86_64_RELATIVE || type == R_X86_64_IRELATIVE
                                : type == R_AARCH64_RELATIVE || type == R_AARCH64_IRELATIVE;
}

static int is_copy(uint16_t machine, uint32_t type) {
    return type == (machine == EM_X86_64 ? R_X86_64_COPY : R_AARCH64_COPY);
}

static int read_relocation(struct bench__elf *elf, const Elf64_Rela *r,
                           const struct bench__elf_table *symbols, bench_error *err) {
    struct bench__elf_relocation *out = &elf->relocations[elf->n_relocations];
    *out = (struct bench__elf_relocation){.address = r->r_offset,
                                          .type = (uint32_t)ELF64_R_TYPE(r->r_info),
                                          .value = (uint64_t)r->r_addend,
                                          .name = ""};
    const uint64_t index = ELF64_R_SYM(r->r_info);
    elf->n_relocations++;
    if (is_relative(elf->machine, out->type)) {
        return 0;
    }
    out->target = BENCH__ELF_IMPORT;
    if (index == 0) {
        return 0;
    }
    if (index >= symbols->n_entries) {
        return damaged(err, "a relocation of a symbol that does not exist");
    }
    Elf64_Sym s;
    memcpy(&s, symbols->bytes + index * sizeof s, sizeof s);
    out->name = string_at(symbols, s.st_name);
    if (out->name == NULL) {
        return damaged(err, "a relocation of a symbol without a name");
    }
    if (s.st_shndx != SHN_UNDEF && ELF64_ST_TYPE(s.st_info) != STT_TLS &&
        !is_copy(elf->machine, out->type)) {
        out->target = BENCH__ELF_ADDRESS;
        out->value += s.st_value;
    }
    return 0;
}

int bench__elf_read_relocations(struct bench__elf *elf, const struct bench__elf_table *table,
                                const struct bench__elf_table *symbols, bench_error *err) {
    int code = grow(elf, table->n_entries, err);
    for (size_t i = 0; code == 0 && i < table->n_entries; i++) {
        Elf64_Rela r;
        memcpy(&r, table->bytes + i * sizeof r, sizeof r);
        code = read_relocation(elf, &r, symbols, err);
    }
    return code;
}

/* The addend of a packed relocation stands in the relocated place. */
static int add_packed(struct bench__elf *elf, uint64_t address, bench_error *err) {
    const struct bench__elf_section *section = bench__elf_section_at(elf, address);
    if (section == NULL || section->bytes == NULL ||
        section->size - (address - section->address) < 8) {
        return damaged(err, "a relocation of nothing");
    }
    const int code = grow(elf, 1, err);
    if (code != 0) {
        return code;
    }
    struct bench__elf_relocation *r = &elf->relocations[elf->n_relocations++];
    *r = (struct bench__elf_relocation){.address = address, .name = ""};
    memcpy(&r->value, section->bytes + (address - section->address), sizeof r->value);
    return 0;
}

/* An even word is an address; an odd one a bitmap over the 63 words after the last one covered. */
int bench__elf_read_packed(struct bench__elf *elf, const struct bench__elf_table *table,
                           bench_error *err) {
    uint64_t next = 0;
    int code = 0;
    for (size_t i = 0; code == 0 && i < table->n_entries; i++) {
        uint64_t word;
        memcpy(&word, table->bytes + i * sizeof word, sizeof word);
        const int is_bitmap = (word & 1) != 0;
        const uint64_t base = is_bitmap ? next : word;
        uint64_t bits = is_bitmap ? word >> 1 : 1;
        for (uint64_t k = 0; code == 0 && bits != 0; k++, bits >>= 1) {
            code = (bits & 1) != 0 ? add_packed(elf, base + 8 * k, err) : 0;
        }
        next = base + (is_bitmap ? 63 * 8 : 8);
    }
    return code;
}

int bench__elf_read_dynamic(struct bench__elf *elf, const struct bench__elf_table *table,
                            bench_error *err) {
    bench__free(elf->needed);
    elf->n_needed = 0;
    elf->needed = bench__alloc(table->n_entries, sizeof *elf->needed);
    if (elf->needed == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < table->n_entries; i++) {
        Elf64_Dyn d;
        memcpy(&d, table->bytes + i * sizeof d, sizeof d);
        if (d.d_tag == DT_NULL) {
            break;
        }
        if (d.d_tag != DT_NEEDED && d.d_tag != DT_RPATH && d.d_tag != DT_RUNPATH) {
            continue;
        }
        const char *text = string_at(table, d.d_un.d_val);
        if (text == NULL) {
            return damaged(err, "a needed library without a name");
        }
        if (d.d_tag == DT_NEEDED) {
            elf->needed[elf->n_needed++] = text;
        } else if (d.d_tag == DT_RUNPATH || elf->search_path == NULL) {
            elf->search_path = text;
        }
    }
    return 0;
}

/* ---- finding ----------------------------------------------------------------------------------
 */

static int by_address(const void *a, const void *b) {
    const struct bench__elf_symbol *x = a, *y = b;
    if (x->address != y->address) {
        return x->address < y->address ? -1 : 1;
    }
    if (x->size != y->size) {
        return x->size < y->size ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

static int by_place(const void *a, const void *b) {
    const struct bench__elf_relocation *x = a, *y = b;
    return x->address < y->address ? -1 : x->address > y->address;
}

void bench__elf_sort(struct bench__elf *elf) {
    if (elf->n_functions > 0) {
        qsort(elf->functions, elf->n_functions, sizeof *elf->functions, by_address);
    }
    if (elf->n_objects > 0) {
        qsort(elf->objects, elf->n_objects, sizeof *elf->objects, by_address);
    }
    if (elf->n_marks > 0) {
        qsort(elf->marks, elf->n_marks, sizeof *elf->marks, by_address);
    }
    if (elf->n_relocations > 0) {
        qsort(elf->relocations, elf->n_relocations, sizeof *elf->relocations, by_place);
    }
}

static const struct bench__elf_symbol *symbol_at(const struct bench__elf_symbol *symbols, size_t n,
                                                 uint64_t address) {
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (symbols[middle].address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (size_t k = 0; k < MAX_OVERLAP && low > k; k++) {
        const struct bench__elf_symbol *s = &symbols[low - 1 - k];
        if (address - s->address < s->size) {
            return s;
        }
    }
    return NULL;
}

const struct bench__elf_symbol *bench__elf_function_at(const struct bench__elf *elf,
                                                       uint64_t address) {
    return symbol_at(elf->functions, elf->n_functions, address);
}

const struct bench__elf_symbol *bench__elf_object_at(const struct bench__elf *elf,
                                                     uint64_t address) {
    return symbol_at(elf->objects, elf->n_objects, address);
}

/* The first mark at or after an address. */
static size_t mark_from(const struct bench__elf *elf, uint64_t address) {
    size_t low = 0, high = elf->n_marks;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (elf->marks[middle].address < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int bench__elf_same_mark(const struct bench__elf *elf, uint64_t address,
                         const struct bench__elf *of, uint64_t other) {
    size_t a = mark_from(elf, address), b = mark_from(of, other);
    while (a < elf->n_marks && elf->marks[a].address == address && b < of->n_marks &&
           of->marks[b].address == other) {
        const int order = strcmp(elf->marks[a].name, of->marks[b].name); /* both are sorted */
        if (order == 0) {
            return 1;
        }
        a += order < 0;
        b += order > 0;
    }
    return 0;
}

int bench__elf_is_handle(const struct bench__elf *elf, uint64_t address) {
    for (size_t i = mark_from(elf, address); i < elf->n_marks && elf->marks[i].address == address;
         i++) {
        if (strcmp(elf->marks[i].name, "__dso_handle") == 0) {
            return 1;
        }
    }
    return 0;
}

const struct bench__elf_relocation *bench__elf_relocation_from(const struct bench__elf *elf,
                                                               uint64_t address) {
    size_t low = 0, high = elf->n_relocations;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (elf->relocations[middle].address < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < elf->n_relocations ? &elf->relocations[low] : NULL;
}

const struct bench__elf_relocation *bench__elf_relocation_at(const struct bench__elf *elf,
                                                             uint64_t address) {
    const struct bench__elf_relocation *r = bench__elf_relocation_from(elf, address);
    return r != NULL && r->address == address ? r : NULL;
}
