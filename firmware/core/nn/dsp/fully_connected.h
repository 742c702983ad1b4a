/* Fully connected layer, int8, one scale or one for each output, on Arm's DSP extension: four
 * outputs at a time as two packed pairs (see block.h).
 *
 * stream, for each four outputs a, b, c, d: biases as 256·b + a, a, 256·d + c, c; then for each
 * four inputs the words of a and b, and of c and d, for the inputs (0, 2), then (1, 3). Inputs are
 * padded to a multiple of eight with weights of zero. With a scale for each output, four pairs
 * follow: a multiplier, and the shift less one. */
#ifndef TINY_NN_DSP_FULLY_CONNECTED_H
#define TINY_NN_DSP_FULLY_CONNECTED_H

#include "../fixed.h"
#include "dsp.h"

/* What the loop over the outputs needs. */
typedef struct {
    const uint32_t *x; /* inputs as int16 */
    uint32_t eights;
    int32_t mult;   /* or, where each output has its own, 2·zero_point + 1 */
    int32_t half;   /* of the last rounding, with the zero point; or what else rounding adds */
    uint32_t shift; /* of the one scale */
    const int8_t *end;
} tiny_dsp_dense_t;

#if defined(TINY_DSP_ASM)
/* One instruction a line. */
/* clang-format off */
#define TINY_DSP_DENSE_FOUR \
    "ldm %[s]!, {%[w0], %[w1], %[w2], %[w3]}\n\t" \
    "ldrd %[x0], %[x1], [%[x]], #8\n\t" \
    "smlad %[b], %[w0], %[x0], %[b]\n\t" \
    "smlad %[d], %[w1], %[x0], %[d]\n\t" \
    "smlad %[b], %[w2], %[x1], %[b]\n\t" \
    "smlad %[d], %[w3], %[x1], %[d]\n\t" \
    "sxtb16 %[w0], %[w0]\n\t" \
    "sxtb16 %[w1], %[w1]\n\t" \
    "sxtb16 %[w2], %[w2]\n\t" \
    "sxtb16 %[w3], %[w3]\n\t" \
    "smlad %[a], %[w0], %[x0], %[a]\n\t" \
    "smlad %[c], %[w1], %[x0], %[c]\n\t" \
    "smlad %[a], %[w2], %[x1], %[a]\n\t" \
    "smlad %[c], %[w3], %[x1], %[c]\n\t"
#define TINY_DSP_DENSE_EIGHT \
    TINY_DSP_DENSE_FOUR \
    TINY_DSP_DENSE_FOUR
/* First eight more if their number is odd, then the middle of the loop if that is no whole number of
 * turns: multiplying leaves the flags alone. */
#define TINY_DSP_DENSE_SUM \
    "1: ldrd %[b], %[a], [%[s]], #8\n\t" \
    "ldrd %[d], %[c], [%[s]], #8\n\t" \
    "ldrd %[x], %[n], %[columns]\n\t" \
    "lsrs %[n], %[n], #1\n\t" \
    "bcc 5f\n\t" \
    TINY_DSP_DENSE_EIGHT \
    "5: lsrs %[n], %[n], #1\n\t" \
    "bcs 3f\n\t" \
    "beq 4f\n\t" \
    "2: subs %[n], %[n], #1\n\t" \
    TINY_DSP_DENSE_EIGHT \
    TINY_DSP_DENSE_EIGHT \
    "3:\n\t" \
    TINY_DSP_DENSE_EIGHT \
    TINY_DSP_DENSE_EIGHT \
    "bne 2b\n\t" \
    "4:\n\t" \
    "sub %[b], %[b], %[a]\n\t" \
    "sub %[d], %[d], %[c]\n\t" \
    "ldrd %[w0], %[w1], %[mult]\n\t" \
    "ldrd %[w2], %[w3], %[shift]\n\t"
#define TINY_DSP_DENSE_NARROW(sum) \
    "asr %[" sum "], %[" sum "], %[w2]\n\t" \
    "ssat %[" sum "], #8, %[" sum "]\n\t" \
    "strb %[" sum "], [%[out]], #1\n\t"
#define TINY_DSP_DENSE_WRITE \
    TINY_DSP_DENSE_NARROW("a") \
    TINY_DSP_DENSE_NARROW("b") \
    TINY_DSP_DENSE_NARROW("c") \
    TINY_DSP_DENSE_NARROW("d") \
    "cmp %[out], %[w3]\n\t" \
    "bne 1b\n\t"
#define TINY_DSP_DENSE_SCALE(sum) \
    "smmla %[" sum "], %[" sum "], %[w0], %[w1]\n\t"
/* One rounding, or two of sums that matter only where positive: of 256 times the sums. */
#define TINY_DSP_DENSE_ONCE \
    "lsl %[a], %[a], #8\n\t" \
    "lsl %[c], %[c], #8\n\t" \
    TINY_DSP_DENSE_SCALE("a") \
    TINY_DSP_DENSE_SCALE("b") \
    TINY_DSP_DENSE_SCALE("c") \
    TINY_DSP_DENSE_SCALE("d")
#define TINY_DSP_DENSE_SCALE_ANY(sum) \
    "smmulr %[" sum "], %[" sum "], %[w0]\n\t" \
    "add %[" sum "], %[" sum "], %[" sum "], asr #31\n\t" \
    "add %[" sum "], %[" sum "], %[w1]\n\t"
/* Two roundings: of twice the sums. */
#define TINY_DSP_DENSE_TWICE \
    "lsl %[a], %[a], #1\n\t" \
    "lsl %[c], %[c], #1\n\t" \
    "asr %[b], %[b], #7\n\t" \
    "asr %[d], %[d], #7\n\t" \
    TINY_DSP_DENSE_SCALE_ANY("a") \
    TINY_DSP_DENSE_SCALE_ANY("b") \
    TINY_DSP_DENSE_SCALE_ANY("c") \
    TINY_DSP_DENSE_SCALE_ANY("d")
/* The next output's own scale. */
#define TINY_DSP_DENSE_OWN(sum) \
    "ldrd %[x0], %[x1], [%[s]], #8\n\t" \
    "lsl %[w2], %[w0], %[x1]\n\t" \
    "add %[w2], %[w2], %[w1]\n\t" \
    "smmla %[" sum "], %[" sum "], %[x0], %[w2]\n\t" \
    "asr %[" sum "], %[" sum "], %[x1]\n\t" \
    "ssat %[" sum "], #8, %[" sum "], asr #1\n\t" \
    "strb %[" sum "], [%[out]], #1\n\t"
#define TINY_DSP_DENSE_EACH \
    "lsl %[a], %[a], #8\n\t" \
    "lsl %[c], %[c], #8\n\t" \
    TINY_DSP_DENSE_OWN("a") \
    TINY_DSP_DENSE_OWN("b") \
    TINY_DSP_DENSE_OWN("c") \
    TINY_DSP_DENSE_OWN("d") \
    "cmp %[out], %[w3]\n\t" \
    "bne 1b\n\t"
/* clang-format on */

#define TINY_DSP_DENSE_RUN(OUTPUTS)                                                                \
    __asm__ volatile(                                                                              \
        TINY_DSP_DENSE_SUM OUTPUTS                                                                 \
        : [s] "+r"(stream), [out] "+r"(out), [x] "=&r"(x), [n] "=&r"(n), [x0] "=&r"(x0),           \
          [x1] "=&r"(x1), [w0] "=&r"(w0), [w1] "=&r"(w1), [w2] "=&r"(w2), [w3] "=&r"(w3),          \
          [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d)                                   \
        : [columns] "m"(dense->x), [mult] "m"(dense->mult), [shift] "m"(dense->shift), "m"(*dense) \
        : "cc", "memory")
#else
static inline int8_t tiny_dsp_dense_own(const tiny_dsp_dense_t *dense, uint32_t sum256,
                                        int32_t mult, int32_t shift) {
    const int32_t half = (int32_t)((uint32_t)dense->mult << shift) + dense->half;
    return (int8_t)tiny_ssat8(tiny_smmla((int32_t)sum256, mult, half) >> shift >> 1);
}

static inline int8_t tiny_dsp_dense_output(const tiny_dsp_dense_t *dense, uint32_t sum256,
                                           tiny_rounding_t rounding) {
    int32_t scaled;
    if (rounding == TINY_ROUND_TWICE) {
        scaled = tiny_smmulr((int32_t)sum256 >> 7, dense->mult);
        scaled += (scaled >> 31) + dense->half;
    } else {
        scaled = tiny_smmla((int32_t)sum256, dense->mult, dense->half);
    }
    return (int8_t)tiny_ssat8(tiny_asr(scaled, dense->shift));
}
#endif

static inline __attribute__((always_inline)) void tiny_dsp_dense(const int32_t *stream, int8_t *out,
                                                                 const tiny_dsp_dense_t *dense,
                                                                 tiny_rounding_t rounding,
                                                                 bool each) {
#if defined(TINY_DSP_ASM)
    register uint32_t w0 __asm__("r3"); /* LDM wants them in this order */
    register uint32_t w1 __asm__("r4");
    register uint32_t w2 __asm__("r5");
    register uint32_t w3 __asm__("r6");
    uint32_t x, n, x0, x1, a, b, c, d;
    if (each) {
        TINY_DSP_DENSE_RUN(TINY_DSP_DENSE_EACH);
    } else if (rounding == TINY_ROUND_TWICE) {
        TINY_DSP_DENSE_RUN(TINY_DSP_DENSE_TWICE TINY_DSP_DENSE_WRITE);
    } else {
        TINY_DSP_DENSE_RUN(TINY_DSP_DENSE_ONCE TINY_DSP_DENSE_WRITE);
    }
#else
    while (out != dense->end) {
        uint32_t both[2] = {(uint32_t)stream[0], (uint32_t)stream[2]};
        uint32_t first[2] = {(uint32_t)stream[1], (uint32_t)stream[3]};
        stream += 4;
        for (uint32_t i = 0; i < 4 * dense->eights; i++) {
            for (uint32_t pair = 0; pair < 2; pair++) {
                const uint32_t weights = (uint32_t)*stream++;
                both[pair] = tiny_smlad(weights, dense->x[i], both[pair]);
                first[pair] = tiny_smlad(tiny_sxtb16(weights), dense->x[i], first[pair]);
            }
        }
        for (uint32_t pair = 0; pair < 2; pair++) {
            const uint32_t a = first[pair] << 8;
            const uint32_t b = both[pair] - first[pair];
            if (each) {
                *out++ = tiny_dsp_dense_own(dense, a, stream[0], stream[1]);
                *out++ = tiny_dsp_dense_own(dense, b, stream[2], stream[3]);
                stream += 4;
            } else {
                *out++ = tiny_dsp_dense_output(dense, a, rounding);
                *out++ = tiny_dsp_dense_output(dense, b, rounding);
            }
        }
    }
#endif
}

/* Functions of their own: the assembly reaches its memory only in a small frame. */
#define TINY_DSP_DENSE(name, rounding, each)                                                       \
    static __attribute__((noinline, unused)) void name(const int32_t *stream, int8_t *out,         \
                                                       const tiny_dsp_dense_t *dense) {            \
        const tiny_dsp_dense_t own = *dense;                                                       \
        tiny_dsp_dense(stream, out, &own, rounding, each);                                         \
    }
TINY_DSP_DENSE(tiny_dsp_dense_once, TINY_ROUND_ONCE, false)
TINY_DSP_DENSE(tiny_dsp_dense_twice, TINY_ROUND_TWICE, false)
TINY_DSP_DENSE(tiny_dsp_dense_each, TINY_ROUND_ONCE, true)

/* Row after row, each read before any of it is written. */
static inline __attribute__((always_inline)) void
tiny_dsp_dense_rows(const int8_t *in, const int32_t *stream, int8_t *out, int8_t *scratch,
                    uint16_t rows, uint16_t inputs, uint16_t outputs, int32_t mult, int32_t half,
                    uint8_t shift, tiny_rounding_t rounding, bool each, int8_t low, int8_t high) {
    tiny_dsp_dense_t dense;
    dense.x = (const uint32_t *)(const void *)scratch;
    dense.eights = (inputs + 7u) >> 3;
    dense.mult = mult;
    dense.half = half;
    dense.shift = shift;
    for (uint16_t r = 0; r < rows; r++) {
        uint32_t *x = (uint32_t *)(void *)scratch;
        for (uint32_t i = inputs >> 2; i != 0; i--) {
            const uint32_t four = tiny_word(in);
            *x++ = tiny_sxtb16(four);
            *x++ = tiny_sxtb16_odd(four);
            in += 4;
        }
        if ((inputs & 7u) != 0) { /* what meets weights of zero may be anything that is a number */
            int8_t last[8] = {0, 0, 0, 0, 0, 0, 0, 0};
            memcpy(last, in, inputs & 3u);
            in += inputs & 3u;
            for (uint32_t i = (inputs & 4u) >> 2; i < 2; i++) {
                const uint32_t four = tiny_word(last + 4 * (i - ((inputs & 4u) >> 2)));
                *x++ = tiny_sxtb16(four);
                *x++ = tiny_sxtb16_odd(four);
            }
        }
        dense.end = out + outputs;
        if (each) {
            tiny_dsp_dense_each(stream, out, &dense);
        } else if (rounding == TINY_ROUND_TWICE) {
            tiny_dsp_dense_twice(stream, out, &dense);
        } else {
            tiny_dsp_dense_once(stream, out, &dense);
        }
        if (low > INT8_MIN || high < INT8_MAX) {
            for (uint16_t o = 0; o < outputs; o++) {
                out[o] = (int8_t)tiny_clamp(out[o], low, high);
            }
        }
        out += outputs;
    }
}

/* shift is of 256 times the sum, or of twice the sum where two roundings are needed in full; half
 * is half a unit of it and the zero point. scratch: 16·⌈inputs/8⌉ bytes. */
TINY_KERNEL void tiny_dsp_fully_connected(const int8_t *in, const int32_t TINY_ROM *stream,
                                          int8_t *out, int8_t *scratch, uint16_t rows,
                                          uint16_t inputs, uint16_t outputs, int32_t mult,
                                          int32_t half, uint8_t shift, tiny_rounding_t rounding,
                                          int8_t low, int8_t high) {
    tiny_dsp_dense_rows(in, stream, out, scratch, rows, inputs, outputs, mult, half, shift,
                        rounding, false, low, high);
}

/* The same with a scale for each output. zero_twice is 2·zero_point + 1, extra 64 where two
 * roundings are done as one. */
TINY_KERNEL void tiny_dsp_fully_connected_each(const int8_t *in, const int32_t TINY_ROM *stream,
                                               int8_t *out, int8_t *scratch, uint16_t rows,
                                               uint16_t inputs, uint16_t outputs,
                                               int32_t zero_twice, int32_t extra, int8_t low,
                                               int8_t high) {
    tiny_dsp_dense_rows(in, stream, out, scratch, rows, inputs, outputs, zero_twice, extra, 0,
                        TINY_ROUND_ONCE, true, low, high);
}

#endif
