/* Dot products of int8 with int8 weights in flash, added to a 32-bit sum. */
#ifndef TINY_NN_DOT_H
#define TINY_NN_DOT_H

#include "kernel.h"

static inline __attribute__((always_inline)) int32_t
tiny_dot(const int8_t *in, const int8_t TINY_ROM *weights, int32_t sum, uint16_t n) {
    for (uint16_t i = 0; i < n; i++) {
        sum += (int16_t)((int16_t)in[i] * weights[i]);
    }
    return sum;
}

/* The same where every input is x. */
static inline __attribute__((always_inline)) int32_t
tiny_dot_same(int8_t x, const int8_t TINY_ROM *weights, int32_t sum, uint16_t n) {
    for (uint16_t i = 0; i < n; i++) {
        sum += (int16_t)((int16_t)x * weights[i]);
    }
    return sum;
}

#endif
