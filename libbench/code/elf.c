/*
 * Reads an executable's ELF file: header and sections here, what stands in them in elf_symbols.c.
 * The whole file is read instead of mapped: one that is rebuilt meanwhile would otherwise end this
 * process with SIGBUS.
 */
#include "code/elf.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static int damaged(bench_error *err, const char *what) {
    return bench__error(err, BENCH_EFORMAT, "a damaged executable: %s", what);
}

/* Copied out, since nothing in a file needs to be aligned. */
struct headers {
    Elf64_Ehdr file;
    const unsigned char *sections;
    size_t n;
    struct bench__elf_table names;
};

static int is_inside(const struct bench__elf *elf, uint64_t offset, uint64_t size) {
    return offset <= elf->n_bytes && size <= elf->n_bytes - offset;
}

static Elf64_Shdr header_at(const struct headers *h, size_t index) {
    Elf64_Shdr s;
    memcpy(&s, h->sections + index * sizeof s, sizeof s);
    return s;
}

static int read_header(struct bench__elf *elf, struct headers *h, bench_error *err) {
    if (elf->n_bytes < sizeof h->file || memcmp(elf->bytes, ELFMAG, SELFMAG) != 0) {
        return bench__error(err, BENCH_EFORMAT, "no ELF executable");
    }
    memcpy(&h->file, elf->bytes, sizeof h->file);
    const Elf64_Ehdr *f = &h->file;
    if (f->e_ident[EI_CLASS] != ELFCLASS64 || f->e_ident[EI_DATA] != ELFDATA2LSB ||
        f->e_version != EV_CURRENT) {
        return bench__error(err, BENCH_EFORMAT, "no 64-bit little-endian ELF executable");
    }
    if (f->e_type != ET_EXEC && f->e_type != ET_DYN) {
        return bench__error(err, BENCH_EFORMAT, "an ELF file, but no executable");
    }
    elf->machine = f->e_machine;
    elf->is_fixed = f->e_type == ET_EXEC;
    if (f->e_shnum == 0) {
        return 0;
    }
    if (f->e_shentsize != sizeof(Elf64_Shdr) ||
        !is_inside(elf, f->e_shoff, (uint64_t)f->e_shnum * sizeof(Elf64_Shdr))) {
        return damaged(err, "its section headers are not in the file");
    }
    h->sections = (const unsigned char *)elf->bytes + f->e_shoff;
    h->n = f->e_shnum;
    return 0;
}

/* A string table ends with a NUL, or nothing in it can be trusted to end at all. */
static int read_strings(const struct bench__elf *elf, const struct headers *h, size_t index,
                        struct bench__elf_table *out, bench_error *err) {
    if (index >= h->n) {
        return damaged(err, "a string table that does not exist");
    }
    const Elf64_Shdr s = header_at(h, index);
    if (s.sh_type != SHT_STRTAB || s.sh_size == 0 || !is_inside(elf, s.sh_offset, s.sh_size) ||
        elf->bytes[s.sh_offset + s.sh_size - 1] != '\0') {
        return damaged(err, "a string table that is none");
    }
    out->strings = elf->bytes + s.sh_offset;
    out->n_strings = s.sh_size;
    return 0;
}

static int read_table(const struct bench__elf *elf, const struct headers *h, const Elf64_Shdr *s,
                      size_t entry_size, int has_strings, struct bench__elf_table *out,
                      bench_error *err) {
    *out = (struct bench__elf_table){.entry_size = entry_size};
    if (!is_inside(elf, s->sh_offset, s->sh_size) || s->sh_entsize != entry_size) {
        return damaged(err, "a table that is not in the file");
    }
    out->bytes = (const unsigned char *)elf->bytes + s->sh_offset;
    out->n_entries = s->sh_size / entry_size;
    return has_strings ? read_strings(elf, h, s->sh_link, out, err) : 0;
}

static int starts_with(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int add_section(struct bench__elf *elf, const struct headers *h, const Elf64_Shdr *s,
                       bench_error *err) {
    if (s->sh_name >= h->names.n_strings) {
        return damaged(err, "a section without a name");
    }
    const int has_bytes = s->sh_type != SHT_NOBITS;
    if ((has_bytes && !is_inside(elf, s->sh_offset, s->sh_size)) ||
        s->sh_addr + s->sh_size < s->sh_addr) {
        return damaged(err, "a section that is not in the file");
    }
    const char *name = h->names.strings + s->sh_name;
    elf->sections[elf->n_sections++] = (struct bench__elf_section){
        .name = name,
        .address = s->sh_addr,
        .size = s->sh_size,
        .bytes = has_bytes ? (const unsigned char *)elf->bytes + s->sh_offset : NULL,
        .is_code = (s->sh_flags & SHF_EXECINSTR) != 0,
        .is_writable = (s->sh_flags & SHF_WRITE) != 0 && !starts_with(name, ".got") &&
                       !starts_with(name, ".data.rel.ro"),
    };
    return 0;
}

static int by_address(const void *a, const void *b) {
    const struct bench__elf_section *x = a, *y = b;
    return x->address < y->address ? -1 : x->address > y->address;
}

static int read_sections(struct bench__elf *elf, struct headers *h, bench_error *err) {
    int code = read_strings(elf, h, h->file.e_shstrndx, &h->names, err);
    elf->sections = code == 0 ? bench__alloc(h->n, sizeof *elf->sections) : NULL;
    if (code == 0 && elf->sections == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory for its sections");
    }
    for (size_t i = 0; code == 0 && i < h->n; i++) {
        const Elf64_Shdr s = header_at(h, i);
        /* .tbss has the addresses of what follows it */
        const int is_tls_zeros = s.sh_type == SHT_NOBITS && (s.sh_flags & SHF_TLS) != 0;
        if ((s.sh_flags & SHF_ALLOC) != 0 && s.sh_size > 0 && !is_tls_zeros) {
            code = add_section(elf, h, &s, err);
        }
    }
    if (code == 0) {
        qsort(elf->sections, elf->n_sections, sizeof *elf->sections, by_address);
    }
    return code;
}

/* The full symbol table, or what a stripped executable still exports. */
static int read_symbols(struct bench__elf *elf, const struct headers *h,
                        struct bench__elf_table *dynamic, bench_error *err) {
    struct bench__elf_table full = {0};
    int code = 0;
    for (size_t i = 0; code == 0 && i < h->n; i++) {
        const Elf64_Shdr s = header_at(h, i);
        if (s.sh_type == SHT_SYMTAB) {
            code = read_table(elf, h, &s, sizeof(Elf64_Sym), 1, &full, err);
        } else if (s.sh_type == SHT_DYNSYM) {
            code = read_table(elf, h, &s, sizeof(Elf64_Sym), 1, dynamic, err);
        }
    }
    return code == 0 ? bench__elf_read_symbols(elf, full.n_entries > 0 ? &full : dynamic, err)
                     : code;
}

static int read_rest(struct bench__elf *elf, const struct headers *h,
                     const struct bench__elf_table *symbols, bench_error *err) {
    struct bench__elf_table table;
    int code = 0;
    for (size_t i = 0; code == 0 && i < h->n; i++) {
        const Elf64_Shdr s = header_at(h, i);
        if (s.sh_type == SHT_RELA && (s.sh_flags & SHF_ALLOC) != 0) {
            code = read_table(elf, h, &s, sizeof(Elf64_Rela), 0, &table, err);
            code = code == 0 ? bench__elf_read_relocations(elf, &table, symbols, err) : code;
        } else if (s.sh_type == 19 /* SHT_RELR */ && (s.sh_flags & SHF_ALLOC) != 0) {
            code = read_table(elf, h, &s, sizeof(uint64_t), 0, &table, err);
            code = code == 0 ? bench__elf_read_packed(elf, &table, err) : code;
        } else if (s.sh_type == SHT_DYNAMIC) {
            code = read_table(elf, h, &s, sizeof(Elf64_Dyn), 1, &table, err);
            code = code == 0 ? bench__elf_read_dynamic(elf, &table, err) : code;
        }
    }
    return code;
}

int bench__elf_open(struct bench__elf *out, const char *path, bench_error *err) {
    struct headers h = {0};
    struct bench__elf_table dynamic = {0};
    memset(out, 0, sizeof *out);
    int code = bench__read_file(&out->bytes, &out->n_bytes, path, 0, err);
    code = code == 0 ? read_header(out, &h, err) : code;
    if (code == 0 && h.n > 0) {
        code = read_sections(out, &h, err);
        code = code == 0 ? read_symbols(out, &h, &dynamic, err) : code;
        code = code == 0 ? read_rest(out, &h, &dynamic, err) : code;
    }
    if (code == 0) {
        bench__elf_sort(out);
    } else {
        bench__error_place(err, "%s", path);
        bench__elf_close(out);
    }
    return code;
}

void bench__elf_close(struct bench__elf *elf) {
    bench__free(elf->bytes);
    bench__free(elf->sections);
    bench__free(elf->functions);
    bench__free(elf->objects);
    bench__free(elf->marks);
    bench__free(elf->relocations);
    bench__free(elf->needed);
    bench__free(elf->starts);
    memset(elf, 0, sizeof *elf);
}

const struct bench__elf_section *bench__elf_section_at(const struct bench__elf *elf,
                                                       uint64_t address) {
    size_t low = 0, high = elf->n_sections;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (elf->sections[middle].address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const struct bench__elf_section *s = low > 0 ? &elf->sections[low - 1] : NULL;
    return s != NULL && address - s->address < s->size ? s : NULL;
}
