/* One int8 function of two int8 operands, either of which may be broadcast: up to four loops with a
 * step each, 0 where an operand stands still.
 *
 * Source: TFLite reference_integer_ops AddFunc, SubFunc, MulElementwise, reference_ops
 * MaximumMinimumBroadcastSlow, squared_difference.cc, BroadcastPrelu4DSlow, ComparisonWithScaling.
 * The output may lie over an operand that is not broadcast. */
#ifndef TINY_NN_BROADCAST_H
#define TINY_NN_BROADCAST_H

#include "add.h"

/* What `function` means. A value that a function has no use for is zero. */
enum {
    TINY_BINARY_ADD = 0, /* with sign_b −1: SUB */
    TINY_BINARY_MUL = 1,
    TINY_BINARY_MAXIMUM = 2,
    TINY_BINARY_MINIMUM = 3,
    TINY_BINARY_SQUARED_DIFFERENCE = 4,
    TINY_BINARY_PRELU = 5, /* b is the slope; mult_a is for a positive a, mult for a negative */
    TINY_BINARY_EQUAL = 6, /* from here on: 1 where it holds, else 0 */
    TINY_BINARY_NOT_EQUAL = 7,
    TINY_BINARY_LESS = 8,
    TINY_BINARY_LESS_EQUAL = 9,
    TINY_BINARY_GREATER = 10,
    TINY_BINARY_GREATER_EQUAL = 11
};

/* Both are brought to one scale, 7 bits up; int8 differences then square within 32 bits. */
static inline int32_t tiny_difference_scaled(int8_t x, int8_t zero_point, int32_t mult,
                                             int8_t shift) {
    const int32_t raised = ((int32_t)x - zero_point) * 128;
    return tiny_divide_pot(tiny_doubling_high_mul(raised, mult), -shift);
}

/* Both as real numbers, 8 bits up. */
static inline bool tiny_holds(uint8_t function, int32_t a, int32_t b) {
    switch (function) {
    case TINY_BINARY_EQUAL:
        return a == b;
    case TINY_BINARY_NOT_EQUAL:
        return a != b;
    case TINY_BINARY_LESS:
        return a < b;
    case TINY_BINARY_LESS_EQUAL:
        return a <= b;
    case TINY_BINARY_GREATER:
        return a > b;
    default:
        return a >= b;
    }
}

static inline int32_t tiny_compared(int8_t x, int8_t zero_point, int32_t mult, int8_t shift) {
    const int32_t raised = ((int32_t)x - zero_point) * 256;
    return tiny_divide_pot(tiny_doubling_high_mul(raised, mult), -shift);
}

TINY_INNER int32_t tiny_binary(int8_t a, int8_t b, uint8_t function, int8_t zero_a, int32_t mult_a,
                               int8_t shift_a, int8_t zero_b, int32_t mult_b, int8_t shift_b,
                               int8_t sign_b, int32_t mult, int8_t shift) {
    int32_t value = 0;
    if (function >= TINY_BINARY_EQUAL) {
        const bool holds = tiny_holds(function, tiny_compared(a, zero_a, mult_a, shift_a),
                                      tiny_compared(b, zero_b, mult_b, shift_b));
        return holds ? 1 : 0;
    }
    switch (function) {
    case TINY_BINARY_ADD:
        value = tiny_add_scaled(a, zero_a, mult_a, shift_a) +
                sign_b * tiny_add_scaled(b, zero_b, mult_b, shift_b);
        return tiny_divide_pot(tiny_doubling_high_mul(value, mult), -shift);
    case TINY_BINARY_MUL:
        value = ((int32_t)a - zero_a) * ((int32_t)b - zero_b);
        break;
    case TINY_BINARY_MAXIMUM:
        return a > b ? a : b;
    case TINY_BINARY_MINIMUM:
        return a < b ? a : b;
    case TINY_BINARY_SQUARED_DIFFERENCE:
        value = tiny_difference_scaled(a, zero_a, mult_a, shift_a) -
                tiny_difference_scaled(b, zero_b, mult_b, shift_b);
        value *= value;
        break;
    default:
        value = (int32_t)a - zero_a;
        if (value >= 0) {
            return tiny_requantize(value, mult_a, shift_a, TINY_ROUND_TWICE);
        }
        value *= (int32_t)b - zero_b;
        break;
    }
    return tiny_requantize(value, mult, shift, TINY_ROUND_TWICE);
}

TINY_KERNEL void tiny_broadcast(const int8_t *a, const int8_t *b, int8_t *out, uint8_t function,
                                uint16_t n_0, int32_t a_0, int32_t b_0, uint16_t n_1, int32_t a_1,
                                int32_t b_1, uint16_t n_2, int32_t a_2, int32_t b_2, uint32_t n_3,
                                uint8_t a_3, uint8_t b_3, int8_t zero_a, int32_t mult_a,
                                int8_t shift_a, int8_t zero_b, int32_t mult_b, int8_t shift_b,
                                int8_t sign_b, int32_t mult, int8_t shift, int8_t zero_point,
                                int8_t low, int8_t high) {
    for (uint16_t i = 0; i < n_0; i++) {
        for (uint16_t j = 0; j < n_1; j++) {
            for (uint16_t k = 0; k < n_2; k++) {
                const int8_t *x = a + i * a_0 + j * a_1 + k * a_2;
                const int8_t *y = b + i * b_0 + j * b_1 + k * b_2;
                for (uint32_t l = 0; l < n_3; l++) {
                    const int32_t value = tiny_binary(*x, *y, function, zero_a, mult_a, shift_a,
                                                      zero_b, mult_b, shift_b, sign_b, mult, shift);
                    *out++ = (int8_t)tiny_clamp(value + zero_point, low, high);
                    x += a_3;
                    y += b_3;
                }
            }
        }
    }
}

#endif
