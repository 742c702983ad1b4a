/* Dot products of int16 with int8 weights in flash, added to a sum.
 *
 * Where the compiler has proved that 32 bits hold every sum, wide is false and the sum is kept in
 * 32 bits; else runs of 255 products, which always fit, are gathered in 64. */
#ifndef TINY_NN_DOT_16X8_H
#define TINY_NN_DOT_16X8_H

#include "dsp/dsp.h"
#include "kernel.h"
#include "mve/dot.h"

/* Modulo 2^32, as the reference's 32-bit sums are on every machine that has TFLite. */
static inline int32_t tiny_add_product_16x8(int32_t sum, int16_t a, int8_t b) {
    return (int32_t)((uint32_t)sum + (uint32_t)((int32_t)a * b));
}

TINY_INNER int32_t tiny_dot_narrow_16x8(const int16_t *in, const int8_t TINY_ROM *weights,
                                        int32_t sum, uint16_t n) {
#if defined(TINY_MVE)
    return tiny_mve_dot_16x8(in, weights, sum, n);
#else
#if defined(TINY_DSP)
    /* Four weights are widened by two instructions and put in order by two. */
    uint32_t total = (uint32_t)sum;
    for (; n >= 4; n = (uint16_t)(n - 4)) {
        const uint32_t x = tiny_word(in), y = tiny_word(in + 2), w = tiny_word(weights);
        const uint32_t even = tiny_sxtb16(w), odd = tiny_sxtb16_odd(w);
        total = tiny_smlad(x, (even & 0xffffu) | (odd << 16), total);
        total = tiny_smlad(y, (even >> 16) | (odd & 0xffff0000u), total);
        in += 4;
        weights += 4;
    }
    sum = (int32_t)total;
#endif
    for (uint16_t i = 0; i < n; i++) {
        sum = tiny_add_product_16x8(sum, in[i], weights[i]);
    }
    return sum;
#endif
}

TINY_INNER int64_t tiny_dot_16x8(const int16_t *in, const int8_t TINY_ROM *weights, int64_t sum,
                                 uint16_t n, bool wide) {
    if (!wide) {
        return tiny_dot_narrow_16x8(in, weights, (int32_t)sum, n);
    }
    while (n > 255) {
        sum += tiny_dot_narrow_16x8(in, weights, 0, 255);
        in += 255;
        weights += 255;
        n = (uint16_t)(n - 255);
    }
    return sum + tiny_dot_narrow_16x8(in, weights, 0, n);
}

#endif
