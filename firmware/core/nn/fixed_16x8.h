/* Requantization of 16x8 models: sums of int16·int8 products that become int16.
 *
 * A sum is multiplied by mult + low/2^31 and rounded once, half up, at 2^shift; the compiler has
 * proved for each layer that this gives the reference's number for every sum that can occur
 * (tinyfield/compiler/rounding_16x8.py). */
#ifndef TINY_NN_FIXED_16X8_H
#define TINY_NN_FIXED_16X8_H

#include "fixed.h"

/* wide: sum may leave 32 bits; then |sum| <= 2^40 and |sum|·mult is below 2^62. low == NULL says
 * that there is no fraction. The result fits 32 bits. */
static inline int32_t tiny_requantize_16x8(int64_t sum, int32_t mult, int32_t low, int8_t shift,
                                           bool wide) {
    int64_t product;
    if (wide) {
        /* sum·low has too many bits for one multiplication. */
        const int64_t rest = ((sum & 0xffffff) * low) >> 24;
        product = sum * mult + (((sum >> 24) * low + rest) >> 7);
    } else {
        product = (int64_t)(int32_t)sum * mult + (((int64_t)(int32_t)sum * low) >> 31);
        if (shift >= 33) { /* the half lies in the high word and the low word cannot carry */
            const int32_t high = (int32_t)(product >> 32);
            return (high + ((int32_t)1 << (shift - 33))) >> (shift - 32);
        }
    }
    return (int32_t)((product + ((int64_t)1 << (shift - 1))) >> shift);
}

/* The requantized, clamped output of channel c. rounding TINY_ROUND_ONCE: as
 * tiny_requantize_16x8 says; TINY_ROUND_TWICE, for sums of 32 bits: as tiny_requantize. */
static inline int16_t tiny_output_16x8(int64_t sum, uint16_t c, const int32_t TINY_ROM *mult,
                                       const int32_t TINY_ROM *low, const int8_t TINY_ROM *shift,
                                       tiny_rounding_t rounding, bool wide, int16_t least,
                                       int16_t most) {
    if (rounding == TINY_ROUND_TWICE) {
        const int32_t twice = tiny_requantize((int32_t)sum, mult[c], shift[c], TINY_ROUND_TWICE);
        return (int16_t)tiny_clamp(twice, least, most);
    }
    const int32_t fraction = low == NULL ? 0 : low[c];
    const int32_t scaled = tiny_requantize_16x8(sum, mult[c], fraction, shift[c], wide);
    return (int16_t)tiny_clamp(scaled, least, most);
}

/* The bias of channel c, whose upper half is absent where no bias needs it. */
static inline int64_t tiny_bias_16x8(uint16_t c, const int32_t TINY_ROM *bias,
                                     const int32_t TINY_ROM *bias_high) {
    if (bias_high == NULL) {
        return bias[c];
    }
    return (int64_t)(((uint64_t)(uint32_t)bias_high[c] << 32) | (uint32_t)bias[c]);
}

#endif
