/* Lengths and references of instructions. The bytes are those of an assembler. */
#include "code/decode.h"

#include "unit/measure/near.h"

#include <string.h>

#define AT 0x401000

struct example {
    const char *text; /* for whoever reads */
    const char *bytes;
    unsigned length;
    int kind; /* -1: refers to nothing */
    uint64_t target;
    unsigned n_bytes;
};

static const struct example examples[] = {
    {"ret", "\xc3", 1, -1, 0, 0},
    {"endbr64", "\xf3\x0f\x1e\xfa", 4, -1, 0, 0},
    {"push r15", "\x41\x57", 2, -1, 0, 0},
    {"mov [rsp+8], rax", "\x48\x89\x44\x24\x08", 5, -1, 0, 0},
    {"mov rax, [rip+0x10]", "\x48\x8b\x05\x10\0\0\0", 7, BENCH__TO_DATA, AT + 0x17, 8},
    {"mov eax, [rip+0x10]", "\x8b\x05\x10\0\0\0", 6, BENCH__TO_DATA, AT + 0x16, 4},
    {"mov ax, [rip+0x10]", "\x66\x8b\x05\x10\0\0\0", 7, BENCH__TO_DATA, AT + 0x17, 2},
    {"mov al, [rip+0x10]", "\x8a\x05\x10\0\0\0", 6, BENCH__TO_DATA, AT + 0x16, 1},
    {"movzx eax, byte [rip-2]", "\x0f\xb6\x05\xfe\xff\xff\xff", 7, BENCH__TO_DATA, AT + 5, 1},
    {"lea rdi, [rip-0x10]", "\x48\x8d\x3d\xf0\xff\xff\xff", 7, BENCH__TO_ADDRESS, AT - 9, 0},
    {"call +0x20", "\xe8\x20\0\0\0", 5, BENCH__TO_CODE, AT + 0x25, 0},
    {"jmp -5", "\xe9\xf6\xff\xff\xff", 5, BENCH__TO_CODE, AT - 5, 0},
    {"je +6", "\x0f\x84\x06\0\0\0", 6, BENCH__TO_CODE, AT + 0xc, 0},
    {"jne -2", "\x75\xfc", 2, BENCH__TO_CODE, AT - 2, 0},
    {"call [rip+4]", "\xff\x15\x04\0\0\0", 6, BENCH__TO_DATA, AT + 0xa, 8},
    {"bnd jmp [rip+4]", "\xf2\xff\x25\x04\0\0\0", 7, BENCH__TO_DATA, AT + 0xb, 8},
    {"data16 rex.W call", "\x66\x66\x48\xe8\x01\0\0\0", 8, BENCH__TO_CODE, AT + 9, 0},
    {"mov eax, 1000", "\xb8\xe8\x03\0\0", 5, BENCH__TO_CONSTANT, 1000, 0},
    {"mov ax, 1000", "\x66\xb8\xe8\x03", 4, -1, 0, 0},
    {"movabs rax, 1", "\x48\xb8\x01\0\0\0\0\0\0\0", 10, BENCH__TO_CONSTANT, 1, 0},
    {"cmp eax, 1000", "\x3d\xe8\x03\0\0", 5, BENCH__TO_CONSTANT, 1000, 0},
    {"mov eax, [rax*4+0x402000]", "\x8b\x04\x85\0\x20\x40\0", 7, BENCH__TO_CONSTANT, 0x402000, 0},
    {"movabs al, [..]", "\xa0\x07\0\0\0\0\0\0\0", 9, BENCH__TO_CONSTANT, 7, 0},
    {"test byte [rdi], 1", "\xf6\x07\x01", 3, -1, 0, 0},
    {"not byte [rdi]", "\xf6\x17", 2, -1, 0, 0},
    {"test dword [rdi], 7", "\xf7\x07\x07\0\0\0", 6, BENCH__TO_CONSTANT, 7, 0},
    {"neg eax", "\xf7\xd8", 2, -1, 0, 0},
    {"enter 8, 0", "\xc8\x08\0\0", 4, -1, 0, 0},
    {"ret 8", "\xc2\x08\0", 3, -1, 0, 0},
    {"movsd xmm0, [rip]", "\xf2\x0f\x10\x05\0\0\0\0", 8, BENCH__TO_DATA, AT + 8, 8},
    {"mulss xmm0, [rip]", "\xf3\x0f\x59\x05\0\0\0\0", 8, BENCH__TO_DATA, AT + 8, 4},
    {"movq xmm0, [rip]", "\xf3\x0f\x7e\x05\0\0\0\0", 8, BENCH__TO_DATA, AT + 8, 8},
    {"movaps xmm0, [rip]", "\x0f\x28\x05\0\0\0\0", 7, BENCH__TO_DATA, AT + 7, 16},
    {"ucomisd xmm0, [rip]", "\x66\x0f\x2e\x05\0\0\0\0", 8, BENCH__TO_DATA, AT + 8, 8},
    {"shufps xmm0, [rip], 1", "\x0f\xc6\x05\0\0\0\0\x01", 8, BENCH__TO_DATA, AT + 8, 16},
    {"pshufb xmm0, [rip]", "\x66\x0f\x38\0\x05\0\0\0\0", 9, BENCH__TO_DATA, AT + 9, 16},
    {"roundsd xmm0, xmm0, 9", "\x66\x0f\x3a\x0b\xc0\x09", 6, -1, 0, 0},
    {"vmovapd ymm0, [rip]", "\xc5\xfd\x28\x05\0\0\0\0", 8, BENCH__TO_DATA, AT + 8, 32},
    {"vfmadd231sd xmm0, xmm1, [rip]", "\xc4\xe2\xf1\xb9\x05\0\0\0\0", 9, BENCH__TO_DATA, AT + 9, 8},
    {"vbroadcastss ymm0, [rip]", "\xc4\xe2\x7d\x18\x05\0\0\0\0", 9, BENCH__TO_DATA, AT + 9, 4},
    {"vzeroupper", "\xc5\xf8\x77", 3, -1, 0, 0},
    {"vmovdqu64 zmm0, [rip]", "\x62\xf1\xfe\x48\x6f\x05\0\0\0\0", 10, BENCH__TO_DATA, AT + 10, 64},
    {"vpaddd zmm0, zmm0, [rip]{1to16}", "\x62\xf1\x7d\x58\xfe\x05\0\0\0\0", 10, BENCH__TO_DATA,
     AT + 10, 4},
    {"fld tbyte [rip]", "\xdb\x2d\0\0\0\0", 6, BENCH__TO_DATA, AT + 6, 10},
    {"mov rax, cr0", "\x0f\x20\xc0", 3, -1, 0, 0},
    {"ud2", "\x0f\x0b", 2, -1, 0, 0},
};

static void instructions_end_and_refer_as_assembled(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *e = &examples[i];
        unsigned char bytes[16] = {0};
        struct bench__instruction insn;
        memcpy(bytes, e->bytes, e->length);
        if (bench__decode_x86(&insn, bytes, sizeof bytes, AT) != 0 || insn.length != e->length ||
            (int)insn.n_references != (e->kind >= 0)) {
            fail_msg("%s", e->text);
        }
        if (e->kind >= 0 &&
            ((int)insn.references[0].kind != e->kind || insn.references[0].target != e->target ||
             insn.references[0].n_bytes != e->n_bytes)) {
            fail_msg("%s: refers to %#llx, %u bytes", e->text,
                     (unsigned long long)insn.references[0].target, insn.references[0].n_bytes);
        }
    }
}

/* A displacement and an immediate: the displacement counts from the end of both. */
static void an_instruction_may_refer_twice(void **state) {
    (void)state;
    struct bench__instruction insn;
    static const unsigned char mov[] = {0xc7, 0x05, 4, 0, 0, 0, 1, 0, 0, 0};
    assert_int_equal(bench__decode_x86(&insn, mov, sizeof mov, AT), 0);
    assert_int_equal(insn.length, 10);
    assert_int_equal(insn.n_references, 2);
    assert_int_equal(insn.references[0].target, AT + 14);
    assert_int_equal(insn.references[0].at, 2);
    assert_int_equal(insn.references[1].target, 1);
    assert_int_equal(insn.references[1].at, 6);
}

static void an_instruction_that_is_cut_short_is_none(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *e = &examples[i];
        unsigned char bytes[16];
        struct bench__instruction insn;
        for (unsigned n = 0; n < e->length; n++) {
            memcpy(bytes, e->bytes, n);
            if (bench__decode_x86(&insn, bytes, n, AT) == 0 && insn.length > n) {
                fail_msg("%s: reads beyond %u bytes", e->text, n);
            }
        }
    }
}

static void what_is_no_instruction_is_refused(void **state) {
    (void)state;
    static const char many[] = "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66";
    const char *const none[] = {"\x06", "\x0f\x04", "\x8f\xe9\x78\xc7\xdb", "\x62\xf9", many};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        unsigned char bytes[16] = {0};
        struct bench__instruction insn;
        memcpy(bytes, none[i], strlen(none[i]));
        assert_int_equal(bench__decode_x86(&insn, bytes, sizeof bytes, AT), -1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_end_and_refer_as_assembled),
        cmocka_unit_test(an_instruction_may_refer_twice),
        cmocka_unit_test(an_instruction_that_is_cut_short_is_none),
        cmocka_unit_test(what_is_no_instruction_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
