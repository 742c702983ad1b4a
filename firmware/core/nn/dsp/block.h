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
 * multipliers; both shifts, a byte each. */
#ifndef TINY_NN_DSP_BLOCK_H
#define TINY_NN_DSP_BLOCK_H

#include "../fixed.h"
#include "dsp.h"

/* Sums of a pair of channels over three pixels. */
typedef struct {
    uint32_t both[3]; /* 256·B + A */
    uint32_t a[3];
} tiny_dsp_sums_t;

/* Runs through the weights of one pair, whose end it returns; steps = k/4 >= 1. */
static inline __attribute__((always_inline)) const int32_t *
tiny_dsp_pair(const int32_t *stream, const int16_t *x, uint32_t steps, tiny_dsp_sums_t *sums) {
#if defined(TINY_DSP_ASM)
    register uint32_t x0 __asm__("r3");
    register uint32_t x1 __asm__("r4");
    register uint32_t x2 __asm__("r5");
    uint32_t t0, t1, t2, a0, a1, a2, w0, w1;
    steps -= 1;
/* clang-format off */
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
    __asm__("ldrd %[t0], %[a0], [%[s]], #8\n\t"
            "ldrd %[w0], %[w1], [%[s]], #8\n\t"
            "ldm %[x]!, {%[x0], %[x1], %[x2]}\n\t"
            "smlad %[t1], %[w0], %[x1], %[t0]\n\t"
            "smlad %[t2], %[w0], %[x2], %[t0]\n\t"
            "smlad %[t0], %[w0], %[x0], %[t0]\n\t"
            "sxtb16 %[w0], %[w0]\n\t"
            "smlad %[a1], %[w0], %[x1], %[a0]\n\t"
            "smlad %[a2], %[w0], %[x2], %[a0]\n\t"
            "smlad %[a0], %[w0], %[x0], %[a0]\n\t"
            TINY_DSP_TWO("%[w1]")
            /* Multiplying leaves the flags alone: an odd number of steps starts in the middle. */
            "lsrs %[n], %[n], #1\n\t"
            "bcs 2f\n\t"
            "beq 3f\n\t"
            "1: subs %[n], %[n], #1\n\t"
            TINY_DSP_FOUR
            "2:\n\t"
            TINY_DSP_FOUR
            "bne 1b\n\t"
            "3:\n\t"
            : [s] "+r"(stream), [x] "+r"(x), [n] "+r"(steps), [x0] "=&r"(x0), [x1] "=&r"(x1),
              [x2] "=&r"(x2), [w0] "=&r"(w0), [w1] "=&r"(w1), [t0] "=&r"(t0), [t1] "=&r"(t1),
              [t2] "=&r"(t2), [a0] "=&r"(a0), [a1] "=&r"(a1), [a2] "=&r"(a2)
            :
            : "cc", "memory");
    /* clang-format on */
    sums->both[0] = t0;
    sums->both[1] = t1;
    sums->both[2] = t2;
    sums->a[0] = a0;
    sums->a[1] = a1;
    sums->a[2] = a2;
    return stream;
#else
    for (int p = 0; p < 3; p++) {
        sums->both[p] = (uint32_t)stream[0];
        sums->a[p] = (uint32_t)stream[1];
    }
    stream += 2;
    for (uint32_t i = 0; i < 2 * steps; i++) {
        const uint32_t weights = (uint32_t)*stream++;
        for (int p = 0; p < 3; p++, x += 2) {
            const uint32_t inputs = tiny_word(x);
            sums->both[p] = tiny_smlad(weights, inputs, sums->both[p]);
            sums->a[p] = tiny_smlad(tiny_sxtb16(weights), inputs, sums->a[p]);
        }
    }
    return stream;
#endif
}

/* 256·sum → output. In the positive form two roundings are one: its halves, 2^6 and 2^(shift−1),
 * and the zero point make up `half` (shift is 7 more than the scale's); for the other see fixed.h:
 * `half` has its second half and the zero point. */
static inline __attribute__((always_inline)) int32_t
tiny_dsp_requantize(uint32_t sum256, int32_t mult, uint32_t shift, int32_t half,
                    tiny_rounding_t rounding) {
    if (rounding == TINY_ROUND_TWICE_POSITIVE) {
        return tiny_asr(tiny_smmla((int32_t)sum256, mult, half), shift);
    }
    const int32_t first = tiny_smmulr((int32_t)sum256 >> 7, mult);
    return tiny_asr(first + (first >> 31) + half, shift);
}

static inline int8_t tiny_dsp_clamp(int32_t x, int32_t low, int32_t high) {
    x = tiny_ssat8(x);
    if (low > INT8_MIN) {
        x = x < low ? low : x;
    }
    if (high < INT8_MAX) {
        x = x > high ? high : x;
    }
    return (int8_t)x;
}

/* All channels of up to three pixels; of fewer, the last pointers repeat the first, which is
 * written last. zero_twice = 2·zero_point + 1. */
static inline __attribute__((always_inline)) void
tiny_dsp_block(const int32_t *stream, const int16_t *x, int8_t *out0, int8_t *out1, int8_t *out2,
               uint32_t steps, uint32_t pairs, tiny_rounding_t rounding, int32_t zero_twice,
               int32_t low, int32_t high) {
    const int32_t extra = rounding == TINY_ROUND_TWICE_POSITIVE ? 64 : 0;
    do {
        tiny_dsp_sums_t sums;
        stream = tiny_dsp_pair(stream, x, steps, &sums);
        const int32_t mult_a = stream[0];
        const int32_t mult_b = stream[1];
        const uint32_t shift_a = (uint32_t)stream[2];
        const uint32_t shift_b = shift_a >> 8;
        const int32_t half_a = (int32_t)((uint32_t)zero_twice << ((shift_a & 0xffu) - 1u)) + extra;
        const int32_t half_b = (int32_t)((uint32_t)zero_twice << (shift_b - 1u)) + extra;
        stream += 3;
#define TINY_DSP_PIXEL(p, out)                                                                     \
    do {                                                                                           \
        const uint32_t b = sums.both[p] - sums.a[p];                                               \
        const uint32_t a = sums.a[p] << 8;                                                         \
        (out)[0] =                                                                                 \
            tiny_dsp_clamp(tiny_dsp_requantize(a, mult_a, shift_a, half_a, rounding), low, high);  \
        (out)[1] =                                                                                 \
            tiny_dsp_clamp(tiny_dsp_requantize(b, mult_b, shift_b, half_b, rounding), low, high);  \
        (out) += 2;                                                                                \
    } while (0)
        TINY_DSP_PIXEL(2, out2);
        TINY_DSP_PIXEL(1, out1);
        TINY_DSP_PIXEL(0, out0);
    } while (--pairs != 0);
}

#endif
