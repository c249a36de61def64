/*
 * Lengths and references of x86-64 instructions: prefixes, opcode maps, ModRM, displacement and
 * immediate, after the opcode maps of the Intel manual (volume 2, appendix A) and AMD's (volume 3).
 * What the instructions do is of no concern. XOP and APX are not known.
 */
#include "code/decode.h"

#include <string.h>

enum map { MAP_ONE, MAP_0F, MAP_0F38, MAP_0F3A, MAP_FP16_5, MAP_FP16_6 };

struct reading {
    const unsigned char *bytes;
    unsigned n, at;
    int has_66, has_f2, has_f3, rex_w;
    int is_vector;         /* VEX or EVEX */
    unsigned vector_bytes; /* of a vector access: 16, 32, 64; 4 or 8 for a broadcast */
    enum map map;
    unsigned opcode;
    unsigned modrm;
    unsigned displacement_at, displacement_size; /* size 0: none */
    int is_relative, is_absolute;                /* the displacement: to rip, without any base */
    unsigned immediate_at, immediate_size;
    int is_branch;
};

static int take(struct reading *r, unsigned *out) {
    if (r->at >= r->n) {
        return -1;
    }
    *out = r->bytes[r->at++];
    return 0;
}

/* ---- opcode maps ------------------------------------------------------------------------------
 */

/* What follows an opcode: '.' nothing, 'm' ModRM, 'b' and 'z' ModRM and an immediate of one byte or
 * of the operand's size, 'i' and 'I' such an immediate alone, 'w' two bytes, 'e' three (enter), 'j'
 * and 'J' a short and a long jump, 'g' ModRM and, by it, an immediate (group 3), 's' an immediate
 * of a special size, 'x' no instruction (or a prefix). */
static const char map_one[] = "mmmmiIxxmmmmiIxx" /* 0x */
                              "mmmmiIxxmmmmiIxx"
                              "mmmmiIxxmmmmiIxx"
                              "mmmmiIxxmmmmiIxx"
                              "xxxxxxxxxxxxxxxx" /* 4x */
                              "................"
                              "xxxmxxxxIzib...."
                              "jjjjjjjjjjjjjjjj"
                              "bzxbmmmmmmmmmmmm" /* 8x */
                              "..........x....."
                              "ssss....iI......"
                              "iiiiiiiissssssss"
                              "bbw.xxbze.w..ix." /* Cx */
                              "mmmmxxx.mmmmmmmm"
                              "jjjjiiiiJJxj...."
                              "x.xx..gg......mm";
static const char map_0f[] = "mmmmx.....x.xm.b" /* 0x */
                             "mmmmmmmmmmmmmmmm"
                             "mmmmxxxxmmmmmmmm"
                             "......x.xxxxxxxx"
                             "mmmmmmmmmmmmmmmm" /* 4x */
                             "mmmmmmmmmmmmmmmm"
                             "mmmmmmmmmmmmmmmm"
                             "bbbbmmm.mmmmmmmm"
                             "JJJJJJJJJJJJJJJJ" /* 8x */
                             "mmmmmmmmmmmmmmmm"
                             "...mbmxx...mbmmm"
                             "mmmmmmmmmmbmmmmm"
                             "mmbmbbbm........" /* Cx */
                             "mmmmmmmmmmmmmmmm"
                             "mmmmmmmmmmmmmmmm"
                             "mmmmmmmmmmmmmmmm";

static char operands_of(const struct reading *r) {
    switch (r->map) {
    case MAP_ONE:
        return map_one[r->opcode];
    case MAP_0F:
        return !r->is_vector || r->opcode == 0x77 || map_0f[r->opcode] == 'b' ? map_0f[r->opcode]
                                                                              : 'm';
    case MAP_0F3A:
        return 'b';
    default:
        return 'm';
    }
}

/* ---- prefixes and opcode ----------------------------------------------------------------------
 */

static int map_of(struct reading *r, unsigned number) {
    static const enum map maps[8] = {MAP_ONE, MAP_0F,     MAP_0F38,   MAP_0F3A,
                                     MAP_ONE, MAP_FP16_5, MAP_FP16_6, MAP_ONE};
    r->map = number < 8 ? maps[number] : MAP_ONE;
    return r->map == MAP_ONE ? -1 : 0;
}

static void implied_prefix(struct reading *r, unsigned pp) {
    r->has_66 = pp == 1;
    r->has_f3 = pp == 2;
    r->has_f2 = pp == 3;
}

static int read_vex(struct reading *r, int is_short) {
    unsigned first = 0, last;
    if (take(r, &last) != 0) {
        return -1;
    }
    if (!is_short) {
        first = last;
        if (take(r, &last) != 0) {
            return -1;
        }
    }
    r->is_vector = 1;
    r->vector_bytes = (last & 4) != 0 ? 32 : 16;
    r->rex_w = !is_short && (last & 0x80) != 0;
    implied_prefix(r, last & 3);
    return map_of(r, is_short ? 1 : first & 0x1f) != 0 ? -1 : take(r, &r->opcode);
}

static int read_evex(struct reading *r) {
    unsigned p[3];
    for (int i = 0; i < 3; i++) {
        if (take(r, &p[i]) != 0) {
            return -1;
        }
    }
    if ((p[0] & 8) != 0 || (p[1] & 4) == 0) {
        return -1;
    }
    r->is_vector = 1;
    r->rex_w = (p[1] & 0x80) != 0;
    r->vector_bytes = (p[2] & 0x10) != 0 ? (r->rex_w ? 8 : 4) : 16u << (p[2] >> 5 & 3);
    implied_prefix(r, p[1] & 3);
    return map_of(r, p[0] & 7) != 0 ? -1 : take(r, &r->opcode);
}

static int is_prefix(struct reading *r, unsigned byte) {
    r->has_66 |= byte == 0x66;
    r->has_f2 |= byte == 0xf2;
    r->has_f3 |= byte == 0xf3;
    return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x64 ||
           byte == 0x65 || byte == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2 ||
           byte == 0xf3;
}

static int read_opcode(struct reading *r) {
    unsigned byte;
    do {
        if (take(r, &byte) != 0) {
            return -1;
        }
    } while (is_prefix(r, byte));
    if ((byte & 0xf0) == 0x40) {
        r->rex_w = (byte & 8) != 0;
        if (take(r, &byte) != 0) {
            return -1;
        }
    }
    if (byte == 0xc4 || byte == 0xc5) {
        return read_vex(r, byte == 0xc5);
    }
    if (byte == 0x62) {
        return read_evex(r);
    }
    r->opcode = byte;
    if (byte != 0x0f) {
        return 0;
    }
    r->map = MAP_0F;
    if (take(r, &r->opcode) != 0) {
        return -1;
    }
    if (r->opcode == 0x38 || r->opcode == 0x3a) {
        r->map = r->opcode == 0x38 ? MAP_0F38 : MAP_0F3A;
        return take(r, &r->opcode);
    }
    return 0;
}

/* ---- operands ---------------------------------------------------------------------------------
 */

static int read_modrm(struct reading *r) {
    unsigned sib = 0;
    if (take(r, &r->modrm) != 0) {
        return -1;
    }
    const unsigned mod = r->modrm >> 6, rm = r->modrm & 7;
    /* moves of control and debug registers have no memory operand, whatever mod says */
    if (mod == 3 || (r->map == MAP_0F && !r->is_vector && (r->opcode & ~3u) == 0x20)) {
        return 0;
    }
    if (rm == 4 && take(r, &sib) != 0) {
        return -1;
    }
    r->is_relative = mod == 0 && rm == 5;
    r->is_absolute = mod == 0 && rm == 4 && (sib & 7) == 5;
    r->displacement_size = mod == 1 ? 1 : mod == 2 || r->is_relative || r->is_absolute ? 4 : 0;
    r->displacement_at = r->at;
    r->at += r->displacement_size;
    return r->at <= r->n ? 0 : -1;
}

static int has_address_prefix(const struct reading *r) {
    for (unsigned i = 0; i < r->at && i < 14; i++) {
        if (r->bytes[i] == 0x67) {
            return 1;
        }
        if ((r->bytes[i] & 0xf0) == 0x40 || r->bytes[i] == r->opcode) {
            return 0;
        }
    }
    return 0;
}

/* mov register, immediate: the only one of eight bytes; mov al, [address] has a whole address. */
static unsigned special_immediate(const struct reading *r, unsigned wide) {
    if (r->opcode >= 0xb8) {
        return r->rex_w ? 8 : wide;
    }
    return has_address_prefix(r) ? 4 : 8;
}

static unsigned immediate_size(const struct reading *r, char operands) {
    const unsigned wide = r->has_66 && !r->rex_w ? 2 : 4;
    switch (operands) {
    case 'b':
    case 'i':
    case 'j':
        return 1;
    case 'w':
        return 2;
    case 'e':
        return 3;
    case 'J':
        return 4;
    case 'z':
    case 'I':
        return wide;
    case 'g': /* of group 3, test alone has one */
        return (r->modrm >> 3 & 7) >= 2 ? 0 : r->opcode == 0xf6 ? 1 : wide;
    case 's':
        return special_immediate(r, wide);
    default:
        return 0;
    }
}

static int read_operands(struct reading *r) {
    const char operands = operands_of(r);
    if (operands == 'x' || (strchr("mbzg", operands) != NULL && read_modrm(r) != 0)) {
        return -1;
    }
    if (r->map == MAP_ONE && r->opcode == 0x8f && (r->modrm >> 3 & 7) != 0) {
        return -1; /* XOP */
    }
    r->is_branch = operands == 'j' || operands == 'J';
    r->immediate_at = r->at;
    r->immediate_size = immediate_size(r, operands);
    r->at += r->immediate_size;
    return r->at <= r->n ? 0 : -1;
}

/* ---- how much an access touches ---------------------------------------------------------------
 */

/* The scalar arithmetic of SSE: opcodes that read 4 or 8 bytes with F3 or F2. */
static int is_scalar(unsigned op) {
    return op == 0x10 || op == 0x11 || op == 0x2a || op == 0x2c || op == 0x2d || op == 0x51 ||
           op == 0x52 || op == 0x53 || (op >= 0x58 && op <= 0x5a) || (op >= 0x5c && op <= 0x5f) ||
           op == 0xc2;
}

static unsigned bytes_of_0f(const struct reading *r) {
    const unsigned op = r->opcode, vector = r->is_vector ? r->vector_bytes : 16;
    if (op == 0xb6 || op == 0xbe || (op >= 0x90 && op <= 0x9f && !r->is_vector)) {
        return 1;
    }
    if (op == 0xb7 || op == 0xbf) {
        return 2;
    }
    if (op == 0x2e || op == 0x2f) {
        return r->has_66 ? 8 : 4;
    }
    if ((r->has_f2 || r->has_f3) && is_scalar(op)) {
        return r->has_f2 || op == 0x2a ? 8 : 4;
    }
    if (op == 0x7e && !r->has_f3) {
        return r->rex_w ? 8 : 4;
    }
    if (op == 0x6e) {
        return r->rex_w ? 8 : 4;
    }
    if ((op == 0x7e && r->has_f3) || op == 0xd6 || op == 0x13 || op == 0x16 || op == 0x17 ||
        (op == 0x12 && !r->has_f3) || (op == 0x5a && !r->has_66 && vector == 16)) {
        return op == 0x12 && r->has_f2 && vector > 16 ? vector : 8;
    }
    if (!r->is_vector && ((op >= 0x40 && op <= 0x4f) || op >= 0xa0) && op < 0xc2) {
        return r->rex_w ? 8 : 4; /* cmov, imul, bit scans */
    }
    return vector;
}

static unsigned bytes_of_0f38(const struct reading *r) {
    const unsigned op = r->opcode;
    if (op == 0x18 || op == 0x58) {
        return 4;
    }
    if (op == 0x19 || op == 0x59) {
        return 8;
    }
    if (op == 0x78 || op == 0x79) {
        return op - 0x77;
    }
    if (op == 0x1a || op == 0x5a) {
        return 16;
    }
    const int is_fma = (op & 0xf) >= 6 && op >= 0x96 && op <= 0xbf;
    if (is_fma && (op & 9) == 9) {
        return r->rex_w ? 8 : 4;
    }
    return r->is_vector ? r->vector_bytes : 16;
}

static unsigned bytes_of_one(const struct reading *r) {
    static const unsigned char x87[8] = {4, 8, 4, 10, 8, 8, 2, 8};
    const unsigned op = r->opcode;
    if (op >= 0xd8 && op <= 0xdf) {
        return x87[op - 0xd8];
    }
    if (op == 0xff || op == 0x8f) {
        return 8;
    }
    if (op == 0x63) {
        return 4;
    }
    const int is_byte = op < 0x40 ? (op & 1) == 0
                                  : op == 0x80 || op == 0x84 || op == 0x86 || op == 0x88 ||
                                        op == 0x8a || op == 0xc0 || op == 0xc6 || op == 0xd0 ||
                                        op == 0xd2 || op == 0xf6 || op == 0xfe;
    return is_byte ? 1 : r->rex_w ? 8 : r->has_66 ? 2 : 4;
}

static unsigned bytes_accessed(const struct reading *r) {
    switch (r->map) {
    case MAP_ONE:
        return bytes_of_one(r);
    case MAP_0F:
        return bytes_of_0f(r);
    case MAP_0F38:
        return bytes_of_0f38(r);
    default:
        return r->is_vector ? r->vector_bytes : 16;
    }
}

/* ---- references -------------------------------------------------------------------------------
 */

static int64_t signed_at(const struct reading *r, unsigned at, unsigned size) {
    int32_t value;
    int64_t wide;
    if (size == 1) {
        return (int8_t)r->bytes[at];
    }
    if (size == 8) {
        memcpy(&wide, r->bytes + at, sizeof wide);
        return wide;
    }
    memcpy(&value, r->bytes + at, sizeof value);
    return value;
}

static void add(struct bench__instruction *out, enum bench__reference_kind kind, unsigned at,
                uint64_t mask, uint64_t target, unsigned n_bytes) {
    out->references[out->n_references++] =
        (struct bench__reference){kind, at, mask, target, n_bytes};
}

int bench__decode_x86(struct bench__instruction *out, const unsigned char *bytes, size_t n,
                      uint64_t address) {
    struct reading r = {.bytes = bytes, .n = n < 15 ? (unsigned)n : 15};
    if (read_opcode(&r) != 0 || read_operands(&r) != 0) {
        return -1;
    }
    *out = (struct bench__instruction){.length = r.at};
    if (r.displacement_size == 4) {
        const uint64_t value = (uint64_t)signed_at(&r, r.displacement_at, 4);
        if (r.is_relative) {
            const int is_lea = r.map == MAP_ONE && r.opcode == 0x8d;
            add(out, is_lea ? BENCH__TO_ADDRESS : BENCH__TO_DATA, r.displacement_at, UINT32_MAX,
                address + r.at + value, is_lea ? 0 : bytes_accessed(&r));
        } else {
            add(out, BENCH__TO_CONSTANT, r.displacement_at, UINT32_MAX, value, 0);
        }
    }
    if (r.is_branch) {
        const uint64_t value = (uint64_t)signed_at(&r, r.immediate_at, r.immediate_size);
        add(out, BENCH__TO_CODE, r.immediate_at, r.immediate_size == 4 ? UINT32_MAX : 0,
            address + r.at + value, 0);
    } else if (r.immediate_size == 4 || r.immediate_size == 8) {
        add(out, BENCH__TO_CONSTANT, r.immediate_at,
            r.immediate_size == 4 ? UINT32_MAX : UINT64_MAX,
            (uint64_t)signed_at(&r, r.immediate_at, r.immediate_size), 0);
    }
    return 0;
}
