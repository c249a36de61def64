/* code/comparison.h - the state of one comparison; shared between the files of this folder. */
#ifndef BENCH_CODE_COMPARISON_H
#define BENCH_CODE_COMPARISON_H

#include "code/code.h"
#include "code/decode.h"
#include "code/elf.h"

enum bench__part_kind {
    BENCH__PART_FUNCTION,
    BENCH__PART_OBJECT, /* data with a name and a size */
    BENCH__PART_UNNAMED /* data of which only the start is known: literals, jump tables */
};

/** Two things that have to be equal, one of each executable. */
struct bench__part {
    enum bench__part_kind kind;
    uint64_t at[2], size; /* size 0: unnamed */
    const char *name;     /* of the one in the first executable; "" without */
    const char *function; /* by which it is reached, or itself */
    int is_doubtful;      /* it may be this, or the end of what stands before it */
};

struct bench__comparison {
    struct bench__elf *elf[2];
    struct bench__part *parts; /* first those that were compared, then those to come */
    size_t n_parts, capacity;
    uint32_t *table;      /* hash table of numbers of parts + 1 */
    uint64_t n_work;      /* bytes that were looked at: hostile files may ask for very many */
    int has_imports;      /* something depends on shared libraries */
    int has_failed;       /* out of memory */
    const char *function; /* the part at work; see struct bench__part */
    char why[200];        /* for the last answer but identical */
};

/** n_work at most. */
#define BENCH__CODE_MAX_WORK ((uint64_t)256 << 20)

/** Sets `why`. @return the answer. */
bench_code bench__code_say(struct bench__comparison *c, bench_code answer, const char *format, ...)
    BENCH_PRINTF(3, 4);
/** Notes that two things have to be equal. @return IDENTICAL, since that shows later; UNKNOWN when
 *  there are too many. */
bench_code bench__code_require(struct bench__comparison *c, const struct bench__part *part);

/** Whether both references lead to the same. */
bench_code bench__code_same_reference(struct bench__comparison *c, const struct bench__reference *a,
                                      const struct bench__reference *b);
/** The same for addresses; `n_bytes` of BENCH__TO_DATA. */
bench_code bench__code_same_address(struct bench__comparison *c, uint64_t a, uint64_t b,
                                    enum bench__reference_kind kind, unsigned n_bytes);
/** Compares a part of kind OBJECT or UNNAMED. */
bench_code bench__code_same_object(struct bench__comparison *c, const struct bench__part *part);
bench_code bench__code_same_unnamed(struct bench__comparison *c, const struct bench__part *part);

/** A place in each executable; a section is NULL when the address is in none. */
struct bench__both {
    uint64_t at[2];
    const struct bench__elf_section *section[2];
};

struct bench__both bench__both_of(const struct bench__comparison *c, uint64_t a, uint64_t b);
/** The bytes there, NULL in .bss, and how many there are to the section's end. */
const unsigned char *bench__both_bytes(const struct bench__both *t, int side);
uint64_t bench__both_left(const struct bench__both *t, int side);
/** `n` bytes with what the loader will put there; all of them in their sections. */
bench_code bench__code_same_bytes(struct bench__comparison *c, const struct bench__both *t,
                                  uint64_t n);
/** Says that data differs. */
bench_code bench__code_data_differ(struct bench__comparison *c);

/** Decodes by the executable's architecture. @return 0 or -1. */
int bench__code_decode(struct bench__instruction *out, struct bench__decoder *decoder,
                       const struct bench__elf *elf, const unsigned char *bytes, size_t n,
                       uint64_t address);

/** Finds where the data without symbols starts: wherever code or a relocation points to.
 *  @return 0 or BENCH_ENOMEM. */
int bench__extents_find(struct bench__elf *elf);
/** Bytes from an address to the next start, or to the end of its section. */
uint64_t bench__extent(const struct bench__elf *elf, uint64_t address);

/** Whether both load the same shared libraries; the paths are those of the executables. */
bench_code bench__code_same_libraries(struct bench__comparison *c, const char *const paths[2]);

#endif
