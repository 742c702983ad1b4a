/* tiny_tiles_wide for RV32IMC, in assembler: its inner loop keeps 28 values in the 28 registers
 * that there are, which no compiler manages, and enters an unrolled chunk by a computed jump. */
#ifndef TINY_NN_SCALAR_TILE_RV32_H
#define TINY_NN_SCALAR_TILE_RV32_H

#define TINY_S(text) text "\n"

/* Word i from the chunk's end, in exactly 64 bytes. a3, a4: weights; a0, a1: words; these and a5
 * become products. */
#define TINY_TILE_WORD(i)                                                                          \
    TINY_S("lb a3, -2*" #i "(a2)")                                                                 \
    TINY_S("lw a0, -4*" #i "(t0)")                                                                 \
    TINY_S("lb a4, -2*" #i "+1(a2)")                                                               \
    TINY_S("lw a1, -4*" #i "(t1)")                                                                 \
    TINY_S("mul a5, a0, a3")                                                                       \
    TINY_S("mul a0, a0, a4")                                                                       \
    TINY_S("add a7, a7, a5")                                                                       \
    TINY_S("mul a5, a1, a3")                                                                       \
    TINY_S("add s2, s2, a0")                                                                       \
    TINY_S("lw a0, -4*" #i "(t2)")                                                                 \
    TINY_S("mul a1, a1, a4")                                                                       \
    TINY_S("add s0, s0, a5")                                                                       \
    TINY_S("mul a3, a0, a3")                                                                       \
    TINY_S("add s3, s3, a1")                                                                       \
    TINY_S("mul a4, a0, a4")                                                                       \
    TINY_S(".option rvc")                                                                          \
    TINY_S("c.add s1, a3")                                                                         \
    TINY_S("c.add s4, a4")                                                                         \
    TINY_S(".option norvc")

/* The same of two pairs, in 48 bytes. */
#define TINY_TILE_WORD_TWO(i)                                                                      \
    TINY_S("lb a3, -2*" #i "(a2)")                                                                 \
    TINY_S("lw a0, -4*" #i "(t0)")                                                                 \
    TINY_S("lb a4, -2*" #i "+1(a2)")                                                               \
    TINY_S("lw a1, -4*" #i "(t1)")                                                                 \
    TINY_S("mul a5, a0, a3")                                                                       \
    TINY_S("mul a0, a0, a4")                                                                       \
    TINY_S("add a7, a7, a5")                                                                       \
    TINY_S("mul a3, a1, a3")                                                                       \
    TINY_S("add s2, s2, a0")                                                                       \
    TINY_S("mul a4, a1, a4")                                                                       \
    TINY_S("add s0, s0, a3")                                                                       \
    TINY_S("add s3, s3, a4")

/* A sum to a byte, as tiny_scalar_output; x: work, `more` the step away from zero. */
#define TINY_TILE_BYTE(x, sum, mult, add, down, more, place)                                       \
    TINY_S("slli " sum ", " sum ", 2")                                                             \
    TINY_S("mulh " x ", " sum ", " mult)                                                           \
    more TINY_S("add " x ", " x ", " add) TINY_S("sra " x ", " x ", " down)                        \
        TINY_S("bge " x ", s3, 8f") TINY_S("mv " x ", s3") TINY_S("8: bge s4, " x ", 9f")          \
            TINY_S("mv " x ", s4") TINY_S("9: sb " x ", " place)

#define TINY_TILE_AWAY(x, sum)                                                                     \
    TINY_S("srai " sum ", " x ", 31")                                                              \
    TINY_S("add " x ", " x ", " sum)                                                               \
    TINY_S("add " x ", " x ", " sum)

/* A pixel's two bytes, a5 apart. */
#define TINY_TILE_PIXEL(offset, a, b, more_a, more_b)                                              \
    TINY_S("lw a7, " offset "(a6)")                                                                \
    TINY_S("add a7, a7, a4")                                                                       \
    TINY_TILE_BYTE("a0", a, "t0", "t1", "t2", more_a, "0(a7)")                                     \
    TINY_S("add a7, a7, a5")                                                                       \
    TINY_TILE_BYTE("a1", b, "s0", "s1", "s2", more_b, "0(a7)")

#define TINY_TILE_UP(offset, a, b) TINY_TILE_PIXEL(offset, a, b, "", "")
#define TINY_TILE_TWICE(offset, a, b)                                                              \
    TINY_TILE_PIXEL(offset, a, b, TINY_TILE_AWAY("a0", a), TINY_TILE_AWAY("a1", b))

#define TINY_TILE_PIXELS(THIRD, pixel)                                                             \
    THIRD(pixel("20", "t4", "ra") pixel("16", "s7", "s10"))                                        \
    pixel("12", "t3", "t6") pixel("8", "s6", "s9") pixel("4", "s11", "t5") pixel("0", "s5", "s8")

#define TINY_TILE_SPLIT(sum, total, half)                                                          \
    TINY_S("add " total ", " total ", " sum)                                                       \
    TINY_S("srai " sum ", " sum ", 16")                                                            \
    TINY_S("add " half ", " half ", " sum)

#define TINY_TILE_LOW(total, half)                                                                 \
    TINY_S("slli a0, " half ", 16")                                                                \
    TINY_S("sub " total ", " total ", a0")

#define TINY_TILE_NEXT(place)                                                                      \
    TINY_S("addi a5, a5, -64")                                                                     \
    TINY_S("sw a5, " #place "(sp)")
#define TINY_TILE_NEXT_TWO(place)                                                                  \
    TINY_S("addi a5, a5, -48")                                                                     \
    TINY_S("sw a5, " #place "(sp)")

#define TINY_BY_ASM __attribute__((unused))

/* All of a tile's work. While summing: a7, s0, s1 and s2, s3, s4 are the chunk's sums of both
 * channels, s5 … s7 and s8 … s10 the totals, s11, t3, t4 and t5, t6, ra the high halves; t0 … t2
 * the words' places, a2 the weights, a6 a chunk's beginning, a0, a1, a3 … a5 work. THIRD: what is
 * done for the third pair. */
// clang-format off
#define TINY_TILE_CODE(THIRD, WORD, NEXT)                                                          \
    TINY_S("addi sp, sp, -144")                                                                    \
    TINY_S("sw ra, 0(sp)") TINY_S("sw s0, 4(sp)") TINY_S("sw s1, 8(sp)")                           \
    TINY_S("sw s2, 12(sp)") TINY_S("sw s3, 16(sp)") TINY_S("sw s4, 20(sp)")                        \
    TINY_S("sw s5, 24(sp)") TINY_S("sw s6, 28(sp)") TINY_S("sw s7, 32(sp)")                        \
    TINY_S("sw s8, 36(sp)") TINY_S("sw s9, 40(sp)") TINY_S("sw s10, 44(sp)")                       \
    TINY_S("sw s11, 48(sp)")                                                                       \
    TINY_S("sw a0, 52(sp)") TINY_S("sw a1, 56(sp)") TINY_S("sw a2, 60(sp)")                        \
    TINY_S("sw a3, 64(sp)") TINY_S("sw a4, 68(sp)")                                                \
    /* Where a chunk of n words goes on after its first, at 80 + 4·n. */                           \
    TINY_S("lla a5, 7f")                                                                           \
    TINY_S("sw a5, 84(sp)") NEXT(88) NEXT(92) NEXT(96)                                             \
    NEXT(100) NEXT(104) NEXT(108) NEXT(112)                                                        \
    NEXT(116) NEXT(120) NEXT(124) NEXT(128)                                                        \
    TINY_S("lw a3, 4(a2)") /* layer->channels */                                                   \
    TINY_S("lw a2, 0(a2)") /* layer->weights */                                                    \
    /* Two channels. */                                                                            \
    TINY_S("1:")                                                                                   \
    TINY_S("sw a3, 72(sp)")                                                                        \
    TINY_S("lw s11, 0(a3)") TINY_S("lw s5, 16(a3)")                                                \
    TINY_S("lw t5, 20(a3)") TINY_S("lw s8, 36(a3)")                                                \
    TINY_S("mv t3, s11") THIRD(TINY_S("mv t4, s11")) TINY_S("mv s6, s5") THIRD(TINY_S("mv s7, s5")) \
    TINY_S("mv t6, t5") THIRD(TINY_S("mv ra, t5")) TINY_S("mv s9, s8") THIRD(TINY_S("mv s10, s8")) \
    TINY_S("lui a6, 8")                                                                            \
    TINY_S("lw a0, 52(sp)")                                                                        \
    /* A run. */                                                                                   \
    TINY_S("2:")                                                                                   \
    TINY_S("lw t0, 0(a0)") TINY_S("lw t1, 4(a0)") THIRD(TINY_S("lw t2, 8(a0)"))                    \
    TINY_S("addi a0, a0, 12")                                                                      \
    TINY_S("sw a0, 76(sp)")                                                                        \
    TINY_S("lbu a5, 0(a2)")                                                                        \
    /* A chunk: its first word sets the sums. */                                                   \
    TINY_S("3:")                                                                                   \
    TINY_S("lb a3, 2(a2)") TINY_S("lw a0, 0(t0)")                                                  \
    TINY_S("lb a4, 3(a2)") TINY_S("lw a1, 0(t1)")                                                  \
    TINY_S("mul a7, a0, a3") TINY_S("mul s2, a0, a4")                                              \
    THIRD(TINY_S("lw a0, 0(t2)"))                                                                  \
    TINY_S("mul s0, a1, a3") TINY_S("mul s3, a1, a4")                                              \
    TINY_S("add a7, a7, a6") TINY_S("add s2, s2, a6")                                              \
    THIRD(TINY_S("mul s1, a0, a3") TINY_S("mul s4, a0, a4"))                                       \
    TINY_S("add s0, s0, a6") TINY_S("add s3, s3, a6")                                              \
    TINY_S("lbu a3, 1(a2)")                                                                        \
    THIRD(TINY_S("add s1, s1, a6") TINY_S("add s4, s4, a6"))                                       \
    TINY_S("add t0, t0, a5") TINY_S("add t1, t1, a5") THIRD(TINY_S("add t2, t2, a5"))              \
    TINY_S("add a5, a5, sp")                                                                       \
    TINY_S("lw a5, 80(a5)")                                                                        \
    TINY_S("add a2, a2, a3")                                                                       \
    TINY_S("jr a5")                                                                                \
    TINY_S(".option push") TINY_S(".option norvc") TINY_S(".option norelax")                       \
    WORD(11) WORD(10) WORD(9) WORD(8)                                                              \
    WORD(7) WORD(6) WORD(5) WORD(4)                                                                \
    WORD(3) WORD(2) WORD(1)                                                                        \
    TINY_S(".option pop")                                                                          \
    TINY_S("7:")                                                                                   \
    TINY_S("lbu a5, 0(a2)")                                                                        \
    TINY_TILE_SPLIT("a7", "s5", "s11") TINY_TILE_SPLIT("s0", "s6", "t3")                           \
    THIRD(TINY_TILE_SPLIT("s1", "s7", "t4")) TINY_TILE_SPLIT("s2", "s8", "t5")                     \
    TINY_TILE_SPLIT("s3", "s9", "t6") THIRD(TINY_TILE_SPLIT("s4", "s10", "ra"))                    \
    TINY_S("bnez a5, 3b")                                                                          \
    TINY_S("lw a0, 76(sp)") TINY_S("lw a1, 56(sp)")                                                \
    TINY_S("addi a2, a2, 1")                                                                       \
    TINY_S("bne a0, a1, 2b")                                                                       \
    TINY_TILE_LOW("s5", "s11") TINY_TILE_LOW("s6", "t3") THIRD(TINY_TILE_LOW("s7", "t4"))          \
    TINY_TILE_LOW("s8", "t5") TINY_TILE_LOW("s9", "t6") THIRD(TINY_TILE_LOW("s10", "ra"))          \
    /* The bytes. t0, s0: multipliers; t1, s1: added; t2, s2: shifts; s3, s4: the clamp. */        \
    TINY_S("lw a3, 72(sp)") TINY_S("lw a5, 60(sp)")                                                \
    TINY_S("lw t0, 4(a3)") TINY_S("lw t1, 8(a3)") TINY_S("lw t2, 12(a3)")                          \
    TINY_S("lw s0, 24(a3)") TINY_S("lw s1, 28(a3)") TINY_S("lw s2, 32(a3)")                        \
    TINY_S("lw s3, 12(a5)") TINY_S("lw s4, 16(a5)") TINY_S("lw a0, 20(a5)")                        \
    TINY_S("lw a4, 64(sp)") TINY_S("lw a6, 68(sp)")                                                \
    /* The channels' places, from the words of the shifts. */                                      \
    TINY_S("srli a1, t2, 8") TINY_S("add a4, a4, a1")                                              \
    TINY_S("srli a5, s2, 8") TINY_S("sub a5, a5, a1")                                              \
    TINY_S("bnez a0, 4f")                                                                          \
    TINY_TILE_PIXELS(THIRD, TINY_TILE_UP)                                                          \
    TINY_S("j 5f")                                                                                 \
    TINY_S("4:")                                                                                   \
    TINY_TILE_PIXELS(THIRD, TINY_TILE_TWICE)                                                       \
    TINY_S("5:")                                                                                   \
    TINY_S("addi a3, a3, 40")                                                                      \
    TINY_S("lw a5, 60(sp)")                                                                        \
    TINY_S("lw a0, 8(a5)") /* layer->channels_end */                                               \
    TINY_S("bne a3, a0, 1b")                                                                       \
    TINY_S("lw ra, 0(sp)") TINY_S("lw s0, 4(sp)") TINY_S("lw s1, 8(sp)")                           \
    TINY_S("lw s2, 12(sp)") TINY_S("lw s3, 16(sp)") TINY_S("lw s4, 20(sp)")                        \
    TINY_S("lw s5, 24(sp)") TINY_S("lw s6, 28(sp)") TINY_S("lw s7, 32(sp)")                        \
    TINY_S("lw s8, 36(sp)") TINY_S("lw s9, 40(sp)") TINY_S("lw s10, 44(sp)")                       \
    TINY_S("lw s11, 48(sp)")                                                                       \
    TINY_S("addi sp, sp, 144")                                                                     \
    TINY_S("ret")
// clang-format on

#define TINY_TILE_YES(text) text
#define TINY_TILE_NO(text)

static __attribute__((naked, noinline, unused)) void
tiny_tiles_wide(TINY_BY_ASM const int32_t *const *places,
                TINY_BY_ASM const int32_t *const *places_end, TINY_BY_ASM const tiny_tiles_t *layer,
                TINY_BY_ASM int8_t *out, TINY_BY_ASM const int32_t *offsets) {
    __asm__ volatile(TINY_TILE_CODE(TINY_TILE_YES, TINY_TILE_WORD, TINY_TILE_NEXT));
}

/* The same where the third pair does not exist. */
static __attribute__((naked, noinline, unused)) void
tiny_tiles_wide_two(TINY_BY_ASM const int32_t *const *places,
                    TINY_BY_ASM const int32_t *const *places_end,
                    TINY_BY_ASM const tiny_tiles_t *layer, TINY_BY_ASM int8_t *out,
                    TINY_BY_ASM const int32_t *offsets) {
    __asm__ volatile(TINY_TILE_CODE(TINY_TILE_NO, TINY_TILE_WORD_TWO, TINY_TILE_NEXT_TWO));
}

#undef TINY_S
#undef TINY_BY_ASM

#endif
