/* Elementwise sum and product of two int16 tensors of one size; zero points are 0.
 * Source: TFLite reference_ops::AddElementwise, Sub, Add and Sub16 with scales that are powers of
 * two, reference_integer_ops::MulElementwise. The output may lie over either input. */
#ifndef TINY_NN_ELEMENTWISE_16X8_H
#define TINY_NN_ELEMENTWISE_16X8_H

#include "fixed.h"

/* A value brought to the scale that both inputs share, 15 bits up (for int8 it is 20). */
static inline int32_t tiny_add_scaled_16x8(int16_t x, int32_t mult, int8_t shift) {
    return tiny_divide_pot(tiny_doubling_high_mul((int32_t)x * ((int32_t)1 << 15), mult), -shift);
}

/* sign_b −1 subtracts. */
TINY_KERNEL void tiny_add_16x8(const int16_t *a, const int16_t *b, int16_t *out, uint32_t count,
                               int32_t mult_a, int8_t shift_a, int32_t mult_b, int8_t shift_b,
                               int8_t sign_b, int32_t mult, int8_t shift, int16_t low,
                               int16_t high) {
    for (uint32_t i = 0; i < count; i++) {
        const int32_t sum = tiny_add_scaled_16x8(a[i], mult_a, shift_a) +
                            sign_b * tiny_add_scaled_16x8(b[i], mult_b, shift_b);
        const int32_t scaled = tiny_divide_pot(tiny_doubling_high_mul(sum, mult), -shift);
        out[i] = (int16_t)tiny_clamp(scaled, low, high);
    }
}

/* Where all scales are powers of two: one operand is shifted right, if any. */
TINY_KERNEL void tiny_add_pot_16x8(const int16_t *a, const int16_t *b, int16_t *out, uint32_t count,
                                   uint8_t down_a, uint8_t down_b, int8_t sign_b, int16_t low,
                                   int16_t high) {
    for (uint32_t i = 0; i < count; i++) {
        const int32_t sum = tiny_divide_pot(a[i], down_a) + sign_b * tiny_divide_pot(b[i], down_b);
        out[i] = (int16_t)tiny_clamp(sum, low, high);
    }
}

TINY_KERNEL void tiny_mul_16x8(const int16_t *a, const int16_t *b, int16_t *out, uint32_t count,
                               int32_t mult, int8_t shift, int16_t low, int16_t high) {
    for (uint32_t i = 0; i < count; i++) {
        const int32_t product = (int32_t)a[i] * b[i];
        const int32_t scaled = tiny_requantize(product, mult, shift, TINY_ROUND_TWICE);
        out[i] = (int16_t)tiny_clamp(scaled, low, high);
    }
}

#endif
