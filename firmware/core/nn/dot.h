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

#if defined(__AVR__)
/* Sixteen cycles a product where avr-gcc takes twenty-two: the sign of each is carried into the
 * sum's upper half by one subtraction. */
TINY_INNER int32_t tiny_dot(const int8_t *in, const int8_t TINY_ROM *weights, int32_t sum,
                            uint16_t n) {
    union {
        int32_t whole;
        struct {
            uint16_t low;
            uint16_t high;
        } half;
    } total;
    int8_t x;
    int8_t y;
    uint8_t zero;
    total.whole = sum;
    if (n != 0) {
        __asm__ volatile("clr %[zero]\n"
                         "1: ld %[x], %a[in]+\n"
                         "lpm %[y], %a[weights]+\n"
                         "muls %[x], %[y]\n"
                         "add %A[low], r0\n"
                         "adc %B[low], r1\n"
                         "adc %A[high], %[zero]\n"
                         "adc %B[high], %[zero]\n"
                         "sbrc r1, 7\n"
                         "sbiw %[high], 1\n"
                         "subi %A[n], 1\n"
                         "sbci %B[n], 0\n"
                         "brne 1b\n"
                         "clr r1\n"
                         : [x] "=&d"(x), [y] "=&d"(y), [zero] "=&r"(zero), [in] "+x"(in),
                           [weights] "+z"(weights), [low] "+r"(total.half.low),
                           [high] "+w"(total.half.high), [n] "+d"(n)
                         :
                         : "r0", "memory");
    }
    return total.whole;
}
#else
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
#endif

/* The same where every input is x. */
TINY_INNER int32_t tiny_dot_same(int8_t x, const int8_t TINY_ROM *weights, int32_t sum,
                                 uint16_t n) {
    for (uint16_t i = 0; i < n; i++) {
        sum += tiny_times(x, weights[i]);
    }
    return sum;
}

#endif
