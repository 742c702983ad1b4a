/* 1 / √x as a multiplier and a shift: TFLite's GetInvSqrtQuantizedMultiplierExp. */
#ifndef TINY_NN_INVERSE_SQRT_H
#define TINY_NN_INVERSE_SQRT_H

#include "fixed.h"

/* For tiny_requantize with TINY_ROUND_TWICE. */
typedef struct {
    int32_t mult;
    int8_t shift;
} tiny_inverse_sqrt_t;

TINY_INNER tiny_inverse_sqrt_t tiny_inverse_sqrt(int32_t x) {
    tiny_inverse_sqrt_t result = {INT32_MAX, 0};
    if (x <= 1) {
        return result;
    }
    int shift = 11;
    while (x >= (INT32_C(1) << 29)) {
        x /= 4;
        shift++;
    }
    while (x < (INT32_C(1) << 27)) {
        x *= 4;
        shift--;
    }
    /* Newton and Raphson from 1, with three integer bits. */
    const int32_t half_input = tiny_divide_pot(x >> 1, 1);
    const int32_t half_three = (INT32_C(1) << 28) + (INT32_C(1) << 27);
    int32_t y = INT32_C(1) << 28;
    for (uint8_t i = 0; i < 5; i++) {
        const int32_t cube =
            tiny_multiply_pot(tiny_doubling_high_mul(tiny_doubling_high_mul(y, y), y), 6);
        y = tiny_multiply_pot(
            tiny_doubling_high_mul(half_three, y) - tiny_doubling_high_mul(half_input, cube), 3);
    }
    y = tiny_doubling_high_mul(y, 1518500250); /* √2 / 2 */
    if (shift < 0) {
        y = (int32_t)((uint32_t)y << -shift);
        shift = 0;
    }
    result.mult = y;
    result.shift = (int8_t)-shift;
    return result;
}

#endif
