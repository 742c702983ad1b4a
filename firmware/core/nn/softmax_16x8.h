/* Softmax over the last axis, int16 to int16 (scale 1/32768, zero point 0).
 *
 * Both functions in it, exp(x) on [−10, 0] and 1/(1+x) on [0, 1], are interpolated between 513
 * values. Source: TFLite reference_ops::SoftmaxInt16, LUTLookup. out may be in. */
#ifndef TINY_NN_SOFTMAX_16X8_H
#define TINY_NN_SOFTMAX_16X8_H

#include "fixed.h"

/* table[i] stands for the argument (i − 256)·128; between two entries the line is straight. */
static inline int16_t tiny_interpolate_16x8(int32_t x, const int16_t TINY_ROM *table) {
    const int16_t bound = (int16_t)tiny_clamp(x, INT16_MIN, INT16_MAX);
    const uint16_t entry = (uint16_t)(256 + (bound >> 7));
    const int16_t here = table[entry];
    const int16_t slope = (int16_t)(table[entry + 1] - here);
    return (int16_t)(here + (((int32_t)slope * (bound & 127) + 64) >> 7));
}

/* A difference of one step is mult·2^(shift−31) steps of 10/65535. */
TINY_KERNEL void tiny_softmax_16x8(const int16_t *in, int16_t *out,
                                   const int16_t TINY_ROM *exp_table,
                                   const int16_t TINY_ROM *reciprocal, uint16_t rows,
                                   uint16_t depth, int32_t mult, int8_t shift) {
    for (uint16_t r = 0; r < rows; r++) {
        int16_t highest = INT16_MIN;
        for (uint16_t i = 0; i < depth; i++) {
            highest = in[i] > highest ? in[i] : highest;
        }
        uint32_t sum = 0; /* Q16.15; the highest alone counts for almost 1 */
        for (uint16_t i = 0; i < depth; i++) {
            const int32_t distance = (int32_t)in[i] - highest;
            const int32_t place = tiny_requantize(distance, mult, shift, TINY_ROUND_TWICE);
            out[i] = tiny_interpolate_16x8(place + 32767, exp_table);
            const uint16_t exp = (uint16_t)out[i]; /* never negative */
            sum += exp;
        }
        uint8_t zeros = 0; /* leading ones of the sum */
        for (uint32_t rest = sum; (rest & ((uint32_t)1 << 31)) == 0u; rest <<= 1) {
            zeros++;
        }
        /* The sum as 1 + x, x in [0, 1) over −32768..32767. */
        const uint32_t scaled = ((sum << (zeros - 1)) + ((uint32_t)1 << 13)) >> 14;
        const int16_t scale = tiny_interpolate_16x8((int32_t)scaled - (32768 + 65536), reciprocal);
        const uint8_t down = (uint8_t)(31 - zeros);
        for (uint16_t i = 0; i < depth; i++) {
            const int32_t share = (int32_t)out[i] * scale + ((int32_t)1 << (down - 1));
            out[i] = (int16_t)tiny_clamp(share >> down, 0, INT16_MAX);
        }
        in += depth;
        out += depth;
    }
}

#endif
