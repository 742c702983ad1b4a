/* Elementwise sum and product of two int8 tensors of one size, with scales of their own.
 * Source: TFLite reference_integer_ops AddFunc, SubFunc, MulElementwise. The output may lie over
 * either input. */
#ifndef TINY_NN_ADD_H
#define TINY_NN_ADD_H

#include "fixed.h"

/* A value brought to the scale that both inputs share, 20 bits up. */
static inline int32_t tiny_add_scaled(int8_t x, int8_t zero_point, int32_t mult, int8_t shift) {
    const int32_t raised = ((int32_t)x - zero_point) * ((int32_t)1 << 20);
    return tiny_divide_pot(tiny_doubling_high_mul(raised, mult), -shift);
}

/* sign_b −1 subtracts. */
TINY_KERNEL void tiny_add(const int8_t *a, const int8_t *b, int8_t *out, uint32_t count,
                          int8_t zero_a, int32_t mult_a, int8_t shift_a, int8_t zero_b,
                          int32_t mult_b, int8_t shift_b, int8_t sign_b, int32_t mult, int8_t shift,
                          int8_t zero_point, int8_t low, int8_t high) {
    for (uint32_t i = 0; i < count; i++) {
        const int32_t sum = tiny_add_scaled(a[i], zero_a, mult_a, shift_a) +
                            sign_b * tiny_add_scaled(b[i], zero_b, mult_b, shift_b);
        const int32_t scaled = tiny_divide_pot(tiny_doubling_high_mul(sum, mult), -shift);
        out[i] = (int8_t)tiny_clamp(scaled + zero_point, low, high);
    }
}

/* The sum as one linear form, which the compiler has tried for all operands; no step of it leaves
 * 32 bits. */
TINY_KERNEL void tiny_add_linear(const int8_t *a, const int8_t *b, int8_t *out, uint32_t count,
                                 int32_t mult_a, int32_t mult_b, int32_t offset, int8_t shift,
                                 int8_t low, int8_t high) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (int8_t)tiny_clamp((a[i] * mult_a + b[i] * mult_b + offset) >> shift, low, high);
    }
}

TINY_KERNEL void tiny_mul(const int8_t *a, const int8_t *b, int8_t *out, uint32_t count,
                          int8_t zero_a, int8_t zero_b, int32_t mult, int8_t shift,
                          int8_t zero_point, int8_t low, int8_t high) {
    for (uint32_t i = 0; i < count; i++) {
        const int32_t product = ((int32_t)a[i] - zero_a) * ((int32_t)b[i] - zero_b);
        const int32_t scaled = tiny_requantize(product, mult, shift, TINY_ROUND_TWICE);
        out[i] = (int8_t)tiny_clamp(scaled + zero_point, low, high);
    }
}

#endif
