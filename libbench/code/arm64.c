/*
 * References of arm64 instructions, after the encodings of the Arm Architecture Reference Manual
 * (chapter C4). Addresses are made of two instructions: adrp puts a page into a register, and an
 * add, load or store adds the rest; the decoder remembers the pages.
 */
#include "code/decode.h"

#include <string.h>

#define CALLER_SAVED 0x4003ffffu /* x0-x17, x18, x30 */

static uint64_t distance(uint32_t word, unsigned low, unsigned n_bits, unsigned shift) {
    const uint64_t field = (uint64_t)(word >> low) & ((UINT64_C(1) << n_bits) - 1);
    const uint64_t sign = UINT64_C(1) << (n_bits - 1);
    return ((field ^ sign) - sign) << shift;
}

static uint64_t page_distance(uint32_t word) {
    const uint64_t field = (uint64_t)(word >> 5 & 0x7ffff) << 2 | (word >> 29 & 3);
    return (field ^ 0x100000) - 0x100000;
}

static void refer(struct bench__instruction *out, enum bench__reference_kind kind, uint64_t mask,
                  uint64_t target, unsigned n_bytes) {
    out->references[0] = (struct bench__reference){kind, 0, mask, target, n_bytes};
    out->n_references = 1;
}

static void forget(struct bench__decoder *d, uint32_t registers) {
    d->lost_page |= (d->unused_pages & registers) != 0;
    d->unused_pages &= ~registers;
    d->known_pages &= ~registers;
}

/* b, bl; b.cond; cbz, cbnz; tbz, tbnz. */
static int decode_branch(struct bench__instruction *out, struct bench__decoder *d, uint32_t word,
                         uint64_t address) {
    if ((word & 0x7c000000) == 0x14000000) {
        refer(out, BENCH__TO_CODE, 0x03ffffff, address + distance(word, 0, 26, 2), 0);
        if (word >> 31 != 0) {
            forget(d, CALLER_SAVED);
        }
        return 1;
    }
    if ((word & 0xff000000) == 0x54000000 || (word & 0x7e000000) == 0x34000000) {
        refer(out, BENCH__TO_CODE, 0, address + distance(word, 5, 19, 2), 0);
        return 1;
    }
    if ((word & 0x7e000000) == 0x36000000) {
        refer(out, BENCH__TO_CODE, 0, address + distance(word, 5, 14, 2), 0);
        return 1;
    }
    return 0;
}

/* adr, adrp, load of a literal. */
static int decode_relative(struct bench__instruction *out, struct bench__decoder *d, uint32_t word,
                           uint64_t address) {
    const uint32_t reg = word & 31;
    if ((word & 0x1f000000) == 0x10000000) {
        forget(d, UINT32_C(1) << reg);
        if (word >> 31 == 0) {
            refer(out, BENCH__TO_ADDRESS, 0x60ffffe0, address + page_distance(word), 0);
            return 1;
        }
        d->pages[reg] = (address & ~UINT64_C(0xfff)) + (page_distance(word) << 12);
        d->known_pages |= UINT32_C(1) << reg;
        d->unused_pages |= UINT32_C(1) << reg;
        refer(out, BENCH__TO_PAGE, 0x60ffffe0, d->pages[reg], 0);
        return 1;
    }
    if ((word & 0x3b000000) == 0x18000000) {
        const uint32_t size = word >> 30;
        refer(out, BENCH__TO_DATA, 0x00ffffe0, address + distance(word, 5, 19, 2),
              (word & 0x04000000) != 0 ? 4u << size
              : size == 1              ? 8
                                       : 4);
        if ((word & 0x04000000) == 0) {
            forget(d, UINT32_C(1) << reg);
        }
        return 1;
    }
    return 0;
}

/* The second half of an address: add, and loads and stores with an unsigned offset. */
static int decode_use(struct bench__instruction *out, struct bench__decoder *d, uint32_t word) {
    const uint32_t base = word >> 5 & 31, reg = word & 31;
    const uint32_t offset = word >> 10 & 0xfff;
    const int is_add = (word & 0xffc00000) == 0x91000000;
    const int is_access = (word & 0x3b000000) == 0x39000000;
    if (!is_add && !is_access) {
        return 0;
    }
    const int is_vector = (word & 0x04000000) != 0;
    const int is_load = is_access && (word & 0x00c00000) != 0 && !is_vector;
    unsigned scale = word >> 30;
    if (is_access && is_vector && (word & 0x00800000) != 0) {
        scale = 4;
    }
    if ((d->known_pages >> base & 1) != 0) {
        d->unused_pages &= ~(UINT32_C(1) << base);
        refer(out, is_add ? BENCH__TO_ADDRESS : BENCH__TO_DATA, 0x003ffc00,
              d->pages[base] + ((uint64_t)offset << (is_add ? 0 : scale)),
              is_add ? 0 : 1u << scale);
    }
    if (is_add || is_load) {
        forget(d, UINT32_C(1) << reg);
    }
    return 1;
}

/* Stores of one or two registers, in all forms but the exclusive ones: they change no register that
 * holds a page. */
static int is_store(uint32_t word) {
    const int is_pair = (word & 0x3a000000) == 0x28000000;
    const int is_single = (word & 0x3a000000) == 0x38000000;
    return (is_pair && (word & 0x00400000) == 0) || (is_single && (word & 0x00c00000) == 0);
}

int bench__decode_arm64(struct bench__instruction *out, struct bench__decoder *decoder,
                        const unsigned char *bytes, size_t n, uint64_t address) {
    uint32_t word;
    if (n < sizeof word) {
        return -1;
    }
    memcpy(&word, bytes, sizeof word);
    *out = (struct bench__instruction){.length = sizeof word};
    if (decode_branch(out, decoder, word, address) ||
        decode_relative(out, decoder, word, address) || decode_use(out, decoder, word)) {
        return 0;
    }
    if ((word & 0xfffffc1f) == 0xd63f0000) { /* blr */
        forget(decoder, CALLER_SAVED);
    } else if ((word & 0x0e000000) != 0x0e000000 && !is_store(word)) { /* no vector register */
        forget(decoder, UINT32_C(1) << (word & 31));
    }
    return 0;
}
