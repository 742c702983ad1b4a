/* Dot products of int8 with int8 weights in flash, added to a 32-bit sum. */
#ifndef TINY_NN_DOT_H
#define TINY_NN_DOT_H

#include "dsp/dsp.h"
#include "kernel.h"
#include "mve/dot.h"

/* One product, of the width that the processor adds best. */
#if defined(__AVR__)
static inline __attribute__((always_inline)) int16_t tiny_times(int8_t a, int8_t b) {
    int16_t product = (int16_t)((int16_t)a * b);
    /* Keeps avr-gcc from widening the factors first: one MULS instead of a call. */
    __asm__("" : "+r"(product));
    return product;
}
#else
static inline int32_t tiny_times(int8_t a, int8_t b) {
    return (int32_t)a * b;
}
#endif

TINY_INNER int32_t tiny_dot(const int8_t *in, const int8_t TINY_ROM *weights, int32_t sum,
                            uint16_t n) {
#if defined(TINY_MVE)
    return tiny_mve_dot(in, weights, sum, n);
#else
#if defined(TINY_DSP)
    /* Four products in two instructions; sums are the same modulo 2^32. */
    uint32_t wide = (uint32_t)sum;
    for (; n >= 4; n = (uint16_t)(n - 4)) {
        const uint32_t x = tiny_word(in), y = tiny_word(weights);
        wide = tiny_smlad(tiny_sxtb16(x), tiny_sxtb16(y), wide);
        wide = tiny_smlad(tiny_sxtb16_odd(x), tiny_sxtb16_odd(y), wide);
        in += 4;
        weights += 4;
    }
    sum = (int32_t)wide;
#endif
    for (uint16_t i = 0; i < n; i++) {
        sum += tiny_times(in[i], weights[i]);
    }
    return sum;
#endif
}

/* The same where every input is x. */
TINY_INNER int32_t tiny_dot_same(int8_t x, const int8_t TINY_ROM *weights, int32_t sum,
                                 uint16_t n) {
    for (uint16_t i = 0; i < n; i++) {
        sum += tiny_times(x, weights[i]);
    }
    return sum;
}

#endif
