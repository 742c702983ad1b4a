/* The matrix product that convolutions on Arm's DSP extension come down to: three pixels, each a
 * column of int16 inputs, times the weights of two output channels at a time.
 *
 * Weights are stored as packed pairs: a halfword is 256·b + a, of the output channels a and b. With
 * raw halfwords SMLAD sums T = 256·B + A; the bytes of a (SXTB16) sum A; so 256·B = T − A, and one
 * unpacking serves both channels. The compiler has checked that |A| and |B| stay below 2^23.
 *
 * Columns: the three pixels' words take turns. Of four inputs k to k+3, first come (k, k+2) of each
 * pixel, then (k+1, k+3), which is what SXTB16 makes of four bytes; the weights have that order.
 *
 * stream, for each pair of channels: biases as 256·b + a and a; k/2 words of weights; both
 * multipliers; both shifts less one, a byte each. In the positive form of the double rounding, the
 * shift is of 256 times the sum, 7 more than the scale's. */
#ifndef TINY_NN_DSP_BLOCK_H
#define TINY_NN_DSP_BLOCK_H

#include "../fixed.h"
#include "dsp.h"

/* What the loop over the pairs needs. */
typedef struct {
    const uint32_t *x; /* columns */
    uint32_t more;     /* steps of four inputs after the first */
    int8_t *out;       /* the first pixel's channels */
    const int8_t *end;
    uint32_t second; /* bytes from the first pixel to the second and the third: 0 where there is */
    uint32_t third;  /* none, for the first is written last */
    int32_t zero_twice; /* 2·zero_point + 1: with half a unit, in the unit of the last rounding */
} tiny_dsp_block_t;

#if defined(TINY_DSP_ASM)
/* One instruction a line. */
/* clang-format off */

/* Two inputs: t sums both channels, a the first alone. */
#define TINY_DSP_TWO(w) \
    "ldm %[x]!, {%[x0], %[x1], %[x2]}\n\t" \
    "smlad %[t0], " w ", %[x0], %[t0]\n\t" \
    "smlad %[t1], " w ", %[x1], %[t1]\n\t" \
    "smlad %[t2], " w ", %[x2], %[t2]\n\t" \
    "sxtb16 " w ", " w "\n\t" \
    "smlad %[a0], " w ", %[x0], %[a0]\n\t" \
    "smlad %[a1], " w ", %[x1], %[a1]\n\t" \
    "smlad %[a2], " w ", %[x2], %[a2]\n\t"
#define TINY_DSP_FOUR \
    "ldrd %[w0], %[w1], [%[s]], #8\n\t" \
    TINY_DSP_TWO("%[w0]") \
    TINY_DSP_TWO("%[w1]")
/* The first four inputs, biases added. Then four more if their number is odd, and the middle of the
 * loop if eight more are too many for whole turns: multiplying leaves the flags alone. */
#define TINY_DSP_SUM \
    "1: ldrd %[x], %[n], %[columns]\n\t" \
    "ldrd %[t0], %[a0], [%[s]], #8\n\t" \
    "ldrd %[w0], %[w1], [%[s]], #8\n\t" \
    "ldm %[x]!, {%[x0], %[x1], %[x2]}\n\t" \
    "smlad %[t1], %[w0], %[x1], %[t0]\n\t" \
    "smlad %[t2], %[w0], %[x2], %[t0]\n\t" \
    "smlad %[t0], %[w0], %[x0], %[t0]\n\t" \
    "sxtb16 %[w0], %[w0]\n\t" \
    "smlad %[a1], %[w0], %[x1], %[a0]\n\t" \
    "smlad %[a2], %[w0], %[x2], %[a0]\n\t" \
    "smlad %[a0], %[w0], %[x0], %[a0]\n\t" \
    TINY_DSP_TWO("%[w1]") \
    "lsrs %[n], %[n], #1\n\t" \
    "bcc 5f\n\t" \
    TINY_DSP_FOUR \
    "5: lsrs %[n], %[n], #1\n\t" \
    "bcs 3f\n\t" \
    "beq 4f\n\t" \
    "2: subs %[n], %[n], #1\n\t" \
    TINY_DSP_FOUR \
    TINY_DSP_FOUR \
    "3:\n\t" \
    TINY_DSP_FOUR \
    TINY_DSP_FOUR \
    "bne 2b\n\t" \
    "4: ldrd %[w0], %[w1], [%[s]], #8\n\t" \
    "ldr %[n], [%[s]], #4\n\t" \
    "ldr %[x0], %[zero]\n\t" \
    "lsr %[x2], %[n], #8\n\t" \
    "lsl %[x1], %[x0], %[n]\n\t" \
    "lsl %[x0], %[x0], %[x2]\n\t" \
    "sub %[t0], %[t0], %[a0]\n\t" \
    "sub %[t1], %[t1], %[a1]\n\t" \
    "sub %[t2], %[t2], %[a2]\n\t"
#define TINY_DSP_ROUND_POSITIVE_A(a) \
    "lsl %[" a "], %[" a "], #8\n\t" \
    "smmla %[" a "], %[" a "], %[w0], %[x1]\n\t"
#define TINY_DSP_ROUND_POSITIVE_B(t) \
    "smmla %[" t "], %[" t "], %[w1], %[x0]\n\t"
#define TINY_DSP_ROUND_POSITIVE_ALL \
    "add %[x1], %[x1], #64\n\t" \
    "add %[x0], %[x0], #64\n\t" \
    TINY_DSP_ROUND_POSITIVE_A("a0") \
    TINY_DSP_ROUND_POSITIVE_A("a1") \
    TINY_DSP_ROUND_POSITIVE_A("a2") \
    TINY_DSP_ROUND_POSITIVE_B("t0") \
    TINY_DSP_ROUND_POSITIVE_B("t1") \
    TINY_DSP_ROUND_POSITIVE_B("t2")
#define TINY_DSP_ROUND_ANY_ONE(sum, mult, half) \
    "smmulr %[" sum "], %[" sum "], %[" mult "]\n\t" \
    "add %[" sum "], %[" sum "], %[" sum "], asr #31\n\t" \
    "add %[" sum "], %[" sum "], %[" half "]\n\t"
#define TINY_DSP_ROUND_ANY_A(a) \
    "lsl %[" a "], %[" a "], #1\n\t" \
    TINY_DSP_ROUND_ANY_ONE(a, "w0", "x1")
#define TINY_DSP_ROUND_ANY_B(t) \
    "asr %[" t "], %[" t "], #7\n\t" \
    TINY_DSP_ROUND_ANY_ONE(t, "w1", "x0")
#define TINY_DSP_ROUND_ANY_ALL \
    TINY_DSP_ROUND_ANY_A("a0") \
    TINY_DSP_ROUND_ANY_A("a1") \
    TINY_DSP_ROUND_ANY_A("a2") \
    TINY_DSP_ROUND_ANY_B("t0") \
    TINY_DSP_ROUND_ANY_B("t1") \
    TINY_DSP_ROUND_ANY_B("t2")
#define TINY_DSP_NARROW(sum, shift) \
    "asr %[" sum "], %[" sum "], %[" shift "]\n\t" \
    "ssat %[" sum "], #8, %[" sum "], asr #1\n\t"
#define TINY_DSP_WRITE \
    TINY_DSP_NARROW("a0", "n") \
    TINY_DSP_NARROW("a1", "n") \
    TINY_DSP_NARROW("a2", "n") \
    TINY_DSP_NARROW("t0", "x2") \
    TINY_DSP_NARROW("t1", "x2") \
    TINY_DSP_NARROW("t2", "x2") \
    "ldrd %[x0], %[x1], %[out]\n\t" \
    "ldrd %[w0], %[w1], %[second]\n\t" \
    "add %[n], %[x0], %[w1]\n\t" \
    "strb %[a2], [%[n]]\n\t" \
    "strb %[t2], [%[n], #1]\n\t" \
    "add %[n], %[x0], %[w0]\n\t" \
    "strb %[a1], [%[n]]\n\t" \
    "strb %[t1], [%[n], #1]\n\t" \
    "strb %[a0], [%[x0]], #1\n\t" \
    "strb %[t0], [%[x0]], #1\n\t" \
    "str %[x0], %[out]\n\t" \
    "cmp %[x0], %[x1]\n\t" \
    "bne 1b\n\t"
/* clang-format on */

#define TINY_DSP_BLOCK_RUN(ROUND_ALL)                                                              \
    __asm__ volatile(                                                                              \
        TINY_DSP_SUM ROUND_ALL TINY_DSP_WRITE                                                      \
        : [s] "+r"(stream), [x] "=&r"(x), [n] "=&r"(n), [x0] "=&r"(x0), [x1] "=&r"(x1),            \
          [x2] "=&r"(x2), [w0] "=&r"(w0), [w1] "=&r"(w1), [t0] "=&r"(t0), [t1] "=&r"(t1),          \
          [t2] "=&r"(t2), [a0] "=&r"(a0), [a1] "=&r"(a1), [a2] "=&r"(a2), "+m"(*block)             \
        : [columns] "m"(block->x), [out] "m"(block->out), [second] "m"(block->second),             \
          [zero] "m"(block->zero_twice)                                                            \
        : "cc", "memory")
#else
static inline int8_t tiny_dsp_output(uint32_t sum256, int32_t mult, uint32_t shift, int32_t half,
                                     tiny_rounding_t rounding) {
    int32_t scaled;
    if (rounding == TINY_ROUND_TWICE_POSITIVE) {
        scaled = tiny_smmla((int32_t)sum256, mult, half + 64);
    } else {
        scaled = tiny_smmulr((int32_t)sum256 >> 7, mult);
        scaled += (scaled >> 31) + half;
    }
    return (int8_t)tiny_ssat8(scaled >> shift >> 1);
}

/* Pair after pair, for one of the pixels. */
static inline void tiny_dsp_one(const int32_t *stream, const uint32_t *columns, uint32_t steps,
                                int8_t *out, const int8_t *end, int32_t zero_twice,
                                tiny_rounding_t rounding) {
    while (out != end) {
        uint32_t both = (uint32_t)stream[0];
        uint32_t a = (uint32_t)stream[1];
        stream += 2;
        for (uint32_t i = 0; i < 2 * steps; i++) {
            const uint32_t weights = (uint32_t)*stream++;
            both = tiny_smlad(weights, columns[3 * i], both);
            a = tiny_smlad(tiny_sxtb16(weights), columns[3 * i], a);
        }
        const uint32_t shift_a = (uint32_t)stream[2] & 0xffu;
        const uint32_t shift_b = (uint32_t)stream[2] >> 8;
        const int32_t half_a = (int32_t)((uint32_t)zero_twice << shift_a);
        const int32_t half_b = (int32_t)((uint32_t)zero_twice << shift_b);
        *out++ = tiny_dsp_output(a << 8, stream[0], shift_a, half_a, rounding);
        *out++ = tiny_dsp_output(both - a, stream[1], shift_b, half_b, rounding);
        stream += 3;
    }
}
#endif

static inline __attribute__((always_inline)) void
tiny_dsp_block(const int32_t *stream, tiny_dsp_block_t *block, tiny_rounding_t rounding) {
#if defined(TINY_DSP_ASM)
    register uint32_t x0 __asm__("r3"); /* LDM wants them in this order */
    register uint32_t x1 __asm__("r4");
    register uint32_t x2 __asm__("r5");
    uint32_t x, n, w0, w1, t0, t1, t2, a0, a1, a2;
    if (rounding == TINY_ROUND_TWICE_POSITIVE) {
        TINY_DSP_BLOCK_RUN(TINY_DSP_ROUND_POSITIVE_ALL);
    } else {
        TINY_DSP_BLOCK_RUN(TINY_DSP_ROUND_ANY_ALL);
    }
#else
    const uint32_t places[3] = {0, block->second, block->third};
    for (uint32_t p = 0; p < 3; p++) {
        if (p == 0 || places[p] != 0) {
            tiny_dsp_one(stream, block->x + p, block->more + 1, block->out + places[p],
                         block->end + places[p], block->zero_twice, rounding);
        }
    }
#endif
}

#endif
