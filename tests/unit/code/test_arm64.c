/* References of arm64 instructions. The words are those of an assembler. */
#include "code/decode.h"

#include "unit/measure/near.h"

#include <string.h>

#define AT 0x10000

static struct bench__instruction decode(struct bench__decoder *decoder, uint32_t word) {
    struct bench__instruction insn;
    assert_int_equal(bench__decode_arm64(&insn, decoder, (const unsigned char *)&word, 4, AT), 0);
    assert_int_equal(insn.length, 4);
    return insn;
}

static void expect(uint32_t word, enum bench__reference_kind kind, uint64_t target,
                   unsigned n_bytes) {
    struct bench__decoder decoder = {0};
    const struct bench__instruction insn = decode(&decoder, word);
    assert_int_equal(insn.n_references, 1);
    assert_int_equal(insn.references[0].kind, kind);
    assert_int_equal(insn.references[0].target, target);
    assert_int_equal(insn.references[0].n_bytes, n_bytes);
}

static void single_instructions_refer(void **state) {
    (void)state;
    expect(0x94000040, BENCH__TO_CODE, AT + 0x100, 0);   /* bl #256 */
    expect(0x17ffffff, BENCH__TO_CODE, AT - 4, 0);       /* b #-4 */
    expect(0x54000200, BENCH__TO_CODE, AT + 0x40, 0);    /* b.eq #64 */
    expect(0x34000041, BENCH__TO_CODE, AT + 8, 0);       /* cbz w1, #8 */
    expect(0x36180041, BENCH__TO_CODE, AT + 8, 0);       /* tbz w1, #3, #8 */
    expect(0x10000105, BENCH__TO_ADDRESS, AT + 0x20, 0); /* adr x5, #32 */
    expect(0x58000186, BENCH__TO_DATA, AT + 0x30, 8);    /* ldr x6, #48 */
    expect(0xb0000021, BENCH__TO_PAGE, AT + 0x5000, 0);  /* adrp x1, #0x5000 */
    expect(0xf0ffffe1, BENCH__TO_PAGE, AT - 0x1000, 0);  /* adrp x1, #-0x1000 */
}

static void a_page_and_its_use_are_an_address(void **state) {
    (void)state;
    struct bench__decoder decoder = {0};
    decode(&decoder, 0xd0000023); /* adrp x3, #0x6000 */
    assert_int_equal(decoder.unused_pages, 1u << 3);
    struct bench__instruction insn = decode(&decoder, 0xb9400c64); /* ldr w4, [x3, #12] */
    assert_int_equal(insn.references[0].kind, BENCH__TO_DATA);
    assert_int_equal(insn.references[0].target, AT + 0x600c);
    assert_int_equal(insn.references[0].n_bytes, 4);
    insn = decode(&decoder, 0x3dc00860); /* ldr q0, [x3, #32] */
    assert_int_equal(insn.references[0].target, AT + 0x6020);
    assert_int_equal(insn.references[0].n_bytes, 16);
    decode(&decoder, 0xb0000021);        /* adrp x1, #0x5000 */
    insn = decode(&decoder, 0x91004021); /* add x1, x1, #16 */
    assert_int_equal(insn.references[0].kind, BENCH__TO_ADDRESS);
    assert_int_equal(insn.references[0].target, AT + 0x5010);
    insn = decode(&decoder, 0xf9400422); /* ldr x2, [x1, #8]: x1 is no page any more */
    assert_int_equal(insn.n_references, 0);
    assert_int_equal(decoder.unused_pages, 0);
    assert_int_equal(decoder.lost_page, 0);
}

static void a_page_lives_until_its_register_is_written(void **state) {
    (void)state;
    struct bench__decoder decoder = {0};
    decode(&decoder, 0xb0000002); /* adrp x2, #0x1000 */
    decode(&decoder, 0xf90007e2); /* str x2, [sp, #8] */
    decode(&decoder, 0x1e604062); /* fmov d2, d3 */
    assert_int_equal(decoder.known_pages, 1u << 2);
    decode(&decoder, 0xb0000000); /* adrp x0, #0x1000 */
    decode(&decoder, 0xaa0103e0); /* mov x0, x1 */
    assert_int_equal(decoder.known_pages, 1u << 2);
    assert_int_equal(decoder.lost_page, 1);
    decode(&decoder, 0xd63f0100); /* blr x8 */
    assert_int_equal(decoder.known_pages, 0);
}

static void a_cut_instruction_is_none(void **state) {
    (void)state;
    struct bench__decoder decoder = {0};
    struct bench__instruction insn;
    assert_int_equal(bench__decode_arm64(&insn, &decoder, (const unsigned char *)"\x40\0\0", 3, AT),
                     -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_instructions_refer),
        cmocka_unit_test(a_page_and_its_use_are_an_address),
        cmocka_unit_test(a_page_lives_until_its_register_is_written),
        cmocka_unit_test(a_cut_instruction_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
