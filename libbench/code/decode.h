/*
 * code/decode.h - takes machine code apart as far as comparing it needs: where an instruction ends,
 * and which of its bits say where something else stands.
 */
#ifndef BENCH_CODE_DECODE_H
#define BENCH_CODE_DECODE_H

#include <bench/common.h>

enum bench__reference_kind {
    BENCH__TO_CODE,     /* a call or jump */
    BENCH__TO_ADDRESS,  /* the address itself is taken, of data or code */
    BENCH__TO_DATA,     /* `n_bytes` there are read or written */
    BENCH__TO_CONSTANT, /* a constant, which may be an address in a program of fixed address */
    BENCH__TO_PAGE      /* arm64: half of an address; the other half comes with its use */
};

struct bench__reference {
    enum bench__reference_kind kind;
    unsigned at;   /* of the bytes within the instruction ... */
    uint64_t mask; /* ... that hold the distance, and which of their bits; 0: a short jump */
    uint64_t target;
    unsigned n_bytes;
};

struct bench__instruction {
    unsigned length; /* bytes */
    unsigned n_references;
    struct bench__reference references[2];
};

/** Zeroed at the start of each function. */
struct bench__decoder {
    uint64_t pages[32];    /* arm64: what adrp put into a register */
    uint32_t known_pages;  /* bits: pages[] holds */
    uint32_t unused_pages; /* bits: no use was seen yet */
    int lost_page;         /* one was overwritten before it was used */
};

/** Decodes the instruction that stands at `address`. @return 0, or -1: not known, or more than `n`
 *  bytes long. */
int bench__decode_x86(struct bench__instruction *out, const unsigned char *bytes, size_t n,
                      uint64_t address);
int bench__decode_arm64(struct bench__instruction *out, struct bench__decoder *decoder,
                        const unsigned char *bytes, size_t n, uint64_t address);

#endif
