/* tiny_twelves for RV32IMC, in assembler, for the reasons that tile_rv32.h gives. */
#ifndef TINY_NN_SCALAR_TWELVE_RV32_H
#define TINY_NN_SCALAR_TWELVE_RV32_H

#define TINY_S(text) text "\n"

/* Input i from the chunk's end, in exactly 64 bytes. a2: the input; a3 … a5, t0 … t2: weights,
 * which become products. */
#define TINY_TWELVE_INPUT(i)                                                                       \
    TINY_S("lb a2, -1*" #i "(a0)")                                                                 \
    TINY_S("lw a3, -24*" #i "(a1)")                                                                \
    TINY_S("lw t0, -24*" #i "+4(a1)")                                                              \
    TINY_S("lw t1, -24*" #i "+8(a1)")                                                              \
    TINY_S("mul a3, a3, a2")                                                                       \
    TINY_S("lw t2, -24*" #i "+12(a1)")                                                             \
    TINY_S("mul t0, t0, a2")                                                                       \
    TINY_S("lw a4, -24*" #i "+16(a1)")                                                             \
    TINY_S("mul t1, t1, a2")                                                                       \
    TINY_S("lw a5, -24*" #i "+20(a1)")                                                             \
    TINY_S("mul t2, t2, a2")                                                                       \
    TINY_S("mul a4, a4, a2")                                                                       \
    TINY_S("mul a5, a5, a2")                                                                       \
    TINY_S(".option rvc")                                                                          \
    TINY_S("c.add a7, a3")                                                                         \
    TINY_S("c.add s0, t0")                                                                         \
    TINY_S("c.add s1, t1")                                                                         \
    TINY_S("c.add s2, t2")                                                                         \
    TINY_S("c.add s3, a4")                                                                         \
    TINY_S("c.add s4, a5")                                                                         \
    TINY_S(".option norvc")

#define TINY_TWELVE_SPLIT(sum, total, half)                                                        \
    TINY_S("add " total ", " total ", " sum)                                                       \
    TINY_S("srai " sum ", " sum ", 16")                                                            \
    TINY_S("add " half ", " half ", " sum)

#define TINY_TWELVE_BYTE(sum, place)                                                               \
    TINY_S("mulh " sum ", " sum ", t0")                                                            \
    TINY_S("add " sum ", " sum ", t1")                                                             \
    TINY_S("sra " sum ", " sum ", t2")                                                             \
    TINY_S("bge " sum ", a2, 8f")                                                                  \
    TINY_S("mv " sum ", a2")                                                                       \
    TINY_S("8: bge a3, " sum ", 9f")                                                               \
    TINY_S("mv " sum ", a3")                                                                       \
    TINY_S("9: sb " sum ", " place)

#define TINY_TWELVE_PAIR(total, half, low_place, high_place)                                       \
    TINY_S("slli a5, " half ", 16")                                                                \
    TINY_S("sub " total ", " total ", a5")                                                         \
    TINY_TWELVE_BYTE(total, low_place)                                                             \
    TINY_TWELVE_BYTE(half, high_place)

#define TINY_BY_ASM __attribute__((unused))

/* `groups` groups (also none) of twelve outputs; returns the weights of the next.
 * While summing: a7, s0 … s4 are the chunk's sums, s5 … s10 the totals, s11, t3 … t6, ra the high
 * halves, a0 the input's place, a1 the weights', a6 a chunk's beginning. */
static __attribute__((naked, noinline, unused)) const int32_t *
tiny_twelves(TINY_BY_ASM const int8_t *in, TINY_BY_ASM const int32_t *weights,
             TINY_BY_ASM int8_t *out, TINY_BY_ASM const tiny_once_t *once,
             TINY_BY_ASM uint16_t groups) {
    // clang-format off
    __asm__ volatile(
        TINY_S("addi sp, sp, -80")
        TINY_S("sw ra, 0(sp)") TINY_S("sw s0, 4(sp)") TINY_S("sw s1, 8(sp)")
        TINY_S("sw s2, 12(sp)") TINY_S("sw s3, 16(sp)") TINY_S("sw s4, 20(sp)")
        TINY_S("sw s5, 24(sp)") TINY_S("sw s6, 28(sp)") TINY_S("sw s7, 32(sp)")
        TINY_S("sw s8, 36(sp)") TINY_S("sw s9, 40(sp)") TINY_S("sw s10, 44(sp)")
        TINY_S("sw s11, 48(sp)")
        TINY_S("sw a0, 52(sp)") TINY_S("sw a2, 56(sp)") TINY_S("sw a3, 60(sp)")
        TINY_S("sw a4, 64(sp)")
        TINY_S("beqz a4, 5f")
        /* A group. */
        TINY_S("1:")
        TINY_S("lw a0, 52(sp)")
        TINY_S("lw s5, 0(a1)") TINY_S("lw s6, 4(a1)") TINY_S("lw s7, 8(a1)")
        TINY_S("lw s8, 12(a1)") TINY_S("lw s9, 16(a1)") TINY_S("lw s10, 20(a1)")
        TINY_S("lw s11, 24(a1)") TINY_S("lw t3, 28(a1)") TINY_S("lw t4, 32(a1)")
        TINY_S("lw t5, 36(a1)") TINY_S("lw t6, 40(a1)") TINY_S("lw ra, 44(a1)")
        TINY_S("addi a1, a1, 48")
        TINY_S("lui a6, 8")
        TINY_S("lw a5, 0(a1)")
        /* A chunk: its first input sets the sums. */
        TINY_S("3:")
        TINY_S("lb a2, 0(a0)")
        TINY_S("lw a7, 4(a1)") TINY_S("lw s0, 8(a1)") TINY_S("lw s1, 12(a1)")
        TINY_S("lw s2, 16(a1)") TINY_S("lw s3, 20(a1)") TINY_S("lw s4, 24(a1)")
        TINY_S("mul a7, a7, a2") TINY_S("mul s0, s0, a2") TINY_S("mul s1, s1, a2")
        TINY_S("mul s2, s2, a2") TINY_S("mul s3, s3, a2") TINY_S("mul s4, s4, a2")
        TINY_S("add a7, a7, a6") TINY_S("add s0, s0, a6") TINY_S("add s1, s1, a6")
        TINY_S("add s2, s2, a6") TINY_S("add s3, s3, a6") TINY_S("add s4, s4, a6")
        TINY_S("srli a4, a5, 16") TINY_S("add a1, a1, a4")
        TINY_S("andi a5, a5, 2047")
        TINY_S("srli a4, a5, 6") TINY_S("add a0, a0, a4")
        TINY_S(".option push") TINY_S(".option norvc") TINY_S(".option norelax")
        /* To where n − 1 inputs are left: from here 12 + 64·23 − 64·(n − 1). */
        TINY_S("auipc a4, 0")
        TINY_S("sub a4, a4, a5")
        TINY_S("jalr zero, 1548(a4)")
        TINY_TWELVE_INPUT(23) TINY_TWELVE_INPUT(22) TINY_TWELVE_INPUT(21) TINY_TWELVE_INPUT(20)
        TINY_TWELVE_INPUT(19) TINY_TWELVE_INPUT(18) TINY_TWELVE_INPUT(17) TINY_TWELVE_INPUT(16)
        TINY_TWELVE_INPUT(15) TINY_TWELVE_INPUT(14) TINY_TWELVE_INPUT(13) TINY_TWELVE_INPUT(12)
        TINY_TWELVE_INPUT(11) TINY_TWELVE_INPUT(10) TINY_TWELVE_INPUT(9) TINY_TWELVE_INPUT(8)
        TINY_TWELVE_INPUT(7) TINY_TWELVE_INPUT(6) TINY_TWELVE_INPUT(5) TINY_TWELVE_INPUT(4)
        TINY_TWELVE_INPUT(3) TINY_TWELVE_INPUT(2) TINY_TWELVE_INPUT(1)
        TINY_S(".option pop")
        TINY_S("lw a5, 0(a1)")
        TINY_TWELVE_SPLIT("a7", "s5", "s11") TINY_TWELVE_SPLIT("s0", "s6", "t3")
        TINY_TWELVE_SPLIT("s1", "s7", "t4") TINY_TWELVE_SPLIT("s2", "s8", "t5")
        TINY_TWELVE_SPLIT("s3", "s9", "t6") TINY_TWELVE_SPLIT("s4", "s10", "ra")
        TINY_S("bnez a5, 3b")
        TINY_S("addi a1, a1, 4")
        /* The bytes. */
        TINY_S("lw a5, 60(sp)")
        TINY_S("lw t0, 0(a5)") TINY_S("lw t1, 4(a5)") TINY_S("lw t2, 8(a5)")
        TINY_S("lw a2, 12(a5)") TINY_S("lw a3, 16(a5)")
        TINY_S("lw a4, 56(sp)")
        TINY_TWELVE_PAIR("s5", "s11", "0(a4)", "1(a4)")
        TINY_TWELVE_PAIR("s6", "t3", "2(a4)", "3(a4)")
        TINY_TWELVE_PAIR("s7", "t4", "4(a4)", "5(a4)")
        TINY_TWELVE_PAIR("s8", "t5", "6(a4)", "7(a4)")
        TINY_TWELVE_PAIR("s9", "t6", "8(a4)", "9(a4)")
        TINY_TWELVE_PAIR("s10", "ra", "10(a4)", "11(a4)")
        TINY_S("addi a4, a4, 12") TINY_S("sw a4, 56(sp)")
        TINY_S("lw a5, 64(sp)")
        TINY_S("addi a5, a5, -1") TINY_S("sw a5, 64(sp)")
        TINY_S("bnez a5, 1b")
        TINY_S("5:")
        TINY_S("mv a0, a1")
        TINY_S("lw ra, 0(sp)") TINY_S("lw s0, 4(sp)") TINY_S("lw s1, 8(sp)")
        TINY_S("lw s2, 12(sp)") TINY_S("lw s3, 16(sp)") TINY_S("lw s4, 20(sp)")
        TINY_S("lw s5, 24(sp)") TINY_S("lw s6, 28(sp)") TINY_S("lw s7, 32(sp)")
        TINY_S("lw s8, 36(sp)") TINY_S("lw s9, 40(sp)") TINY_S("lw s10, 44(sp)")
        TINY_S("lw s11, 48(sp)")
        TINY_S("addi sp, sp, 80")
        TINY_S("ret"));
    // clang-format on
}

#undef TINY_S
#undef TINY_BY_ASM

#endif
