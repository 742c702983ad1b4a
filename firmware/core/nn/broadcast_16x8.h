/* One int16 function of two int16 operands, either of which may be broadcast: up to four loops with
 * a step each, 0 where an operand stands still; zero points are 0.
 *
 * Source: TFLite reference_ops BroadcastAdd6DSlow, BroadcastQuantSubSlow,
 * MaximumMinimumBroadcastSlow, reference_integer_ops BroadcastMul6DSlow. The output may lie over an
 * operand that is not broadcast. */
#ifndef TINY_NN_BROADCAST_16X8_H
#define TINY_NN_BROADCAST_16X8_H

#include "elementwise_16x8.h"

/* What `function` means. A value that a function has no use for is zero. */
enum {
    TINY_BINARY_16X8_ADD = 0, /* with sign_b −1: SUB */
    TINY_BINARY_16X8_MUL = 1,
    TINY_BINARY_16X8_MAXIMUM = 2,
    TINY_BINARY_16X8_MINIMUM = 3
};

TINY_INNER int32_t tiny_binary_16x8(int16_t a, int16_t b, uint8_t function, int32_t mult_a,
                                    int8_t shift_a, int32_t mult_b, int8_t shift_b, int8_t sign_b,
                                    int32_t mult, int8_t shift) {
    int32_t sum = 0;
    switch (function) {
    case TINY_BINARY_16X8_ADD:
        sum = tiny_add_scaled_16x8(a, mult_a, shift_a) +
              sign_b * tiny_add_scaled_16x8(b, mult_b, shift_b);
        return tiny_divide_pot(tiny_doubling_high_mul(sum, mult), -shift);
    case TINY_BINARY_16X8_MUL:
        return tiny_requantize((int32_t)a * b, mult, shift, TINY_ROUND_TWICE);
    case TINY_BINARY_16X8_MAXIMUM:
        return a > b ? a : b;
    default:
        return a < b ? a : b;
    }
}

TINY_KERNEL void tiny_broadcast_16x8(const int16_t *a, const int16_t *b, int16_t *out,
                                     uint8_t function, uint16_t n_0, int32_t a_0, int32_t b_0,
                                     uint16_t n_1, int32_t a_1, int32_t b_1, uint16_t n_2,
                                     int32_t a_2, int32_t b_2, uint32_t n_3, uint8_t a_3,
                                     uint8_t b_3, int32_t mult_a, int8_t shift_a, int32_t mult_b,
                                     int8_t shift_b, int8_t sign_b, int32_t mult, int8_t shift,
                                     int16_t low, int16_t high) {
    for (uint16_t i = 0; i < n_0; i++) {
        for (uint16_t j = 0; j < n_1; j++) {
            for (uint16_t k = 0; k < n_2; k++) {
                const int16_t *x = a + i * a_0 + j * a_1 + k * a_2;
                const int16_t *y = b + i * b_0 + j * b_1 + k * b_2;
                for (uint32_t l = 0; l < n_3; l++) {
                    const int32_t value = tiny_binary_16x8(*x, *y, function, mult_a, shift_a,
                                                           mult_b, shift_b, sign_b, mult, shift);
                    *out++ = (int16_t)tiny_clamp(value, low, high);
                    x += a_3;
                    y += b_3;
                }
            }
        }
    }
}

#endif
