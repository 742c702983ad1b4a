/* Logistic and tanh of 16-bit fixed-point numbers, with exactly the roundings of gemmlowp
 * (fixedpoint/fixedpoint.h: logistic, tanh, exp_on_negative_values).
 *
 * A number with n integer bits is raw / 2^(15 - n); results have none. */
#ifndef TINY_NN_SIGMOID_16_H
#define TINY_NN_SIGMOID_16_H

#include "fixed.h"

/* a·b / 2^15, rounded half up. The source saturates the product of two times −2^15, and shifts to
 * the left; neither can overflow here, as a test over all inputs shows. */
static inline int32_t tiny_mul_16(int32_t a, int32_t b) {
    return (a * b + 0x4000) >> 15;
}

/* x, times `power` if that bit of `steps` is set. */
static inline int32_t tiny_factor_16(int32_t x, uint16_t steps, uint8_t bit, int16_t power) {
    return ((uint32_t)steps >> bit & 1u) != 0u ? tiny_mul_16(x, power) : x;
}

/* exp(a) for a <= 0 with `bits` integer bits, 1 to 7. */
TINY_INNER int32_t tiny_exp_16(int16_t a, uint8_t bits) {
    if (a == 0) {
        return INT16_MAX;
    }
    if (bits > 5 && a < -(INT32_C(1) << (20 - bits))) {
        return 0;
    }
    /* Between −1/4 and 0 a polynomial about −1/8; the rest is factors. */
    const uint8_t place = (uint8_t)(13 - bits);
    const int32_t quarter = INT32_C(1) << place;
    const int32_t part = (a & (quarter - 1)) - quarter;
    const uint16_t steps = (uint16_t)(part - a);
    const int32_t x = part * (INT32_C(1) << bits) + 4096;
    const int32_t x2 = tiny_mul_16(x, x);
    const int32_t x3 = tiny_mul_16(x2, x);
    const int32_t x4 = tiny_mul_16(x2, x2);
    const int32_t third = tiny_mul_16(tiny_divide_pot(x4, 2) + x3, 10923);
    const int32_t tail = tiny_divide_pot(third + x2, 1);
    const int32_t sum = 28918 + tiny_mul_16(28918, x + tail);
    int32_t y = sum > INT16_MAX ? INT16_MAX : sum;
    /* exp(−2^n) for n = −2, −1, … */
    y = tiny_factor_16(y, steps, place, 25520);
    y = tiny_factor_16(y, steps, (uint8_t)(place + 1), 19875);
    y = bits > 0 ? tiny_factor_16(y, steps, (uint8_t)(place + 2), 12055) : y;
    y = bits > 1 ? tiny_factor_16(y, steps, (uint8_t)(place + 3), 4435) : y;
    y = bits > 2 ? tiny_factor_16(y, steps, (uint8_t)(place + 4), 600) : y;
    y = bits > 3 ? tiny_factor_16(y, steps, (uint8_t)(place + 5), 11) : y;
    return bits > 4 ? tiny_factor_16(y, steps, (uint8_t)(place + 6), 0) : y;
}

/* 1 / (1 + a) for 0 <= a < 1, halved: with two integer bits. By Newton and Raphson. */
TINY_INNER int32_t tiny_half_reciprocal_16(int32_t a) {
    const int32_t half = (a + INT16_MAX + 1) >> 1;
    int32_t x = 23130 + tiny_mul_16(half, -15420);
    x += tiny_mul_16(x, 8192 - tiny_mul_16(half, x)) * 4;
    x += tiny_mul_16(x, 8192 - tiny_mul_16(half, x)) * 4;
    return x + tiny_mul_16(x, 8192 - tiny_mul_16(half, x)) * 4;
}

/* 1 / (1 + exp(−a)), a with three integer bits. */
TINY_INNER int16_t tiny_logistic_16(int16_t a) {
    if (a == 0) {
        return 16384;
    }
    const int16_t negative = a > 0 ? (int16_t)-a : a;
    const int32_t twice = 2 * tiny_half_reciprocal_16(tiny_exp_16(negative, 3));
    const int32_t result = twice > INT16_MAX ? INT16_MAX : twice;
    return (int16_t)(a > 0 ? result : INT16_MAX - result);
}

/* tanh(a), a with `bits` integer bits, at most 6. */
TINY_INNER int16_t tiny_tanh_16(int16_t a, uint8_t bits) {
    if (a == 0) {
        return 0;
    }
    const int16_t negative = a > 0 ? (int16_t)-a : a;
    const int32_t x = tiny_half_reciprocal_16(tiny_exp_16(negative, (uint8_t)(bits + 1)));
    const int32_t wide = (x - 8192) * 4;
    const int32_t result = wide > INT16_MAX ? INT16_MAX : (wide < INT16_MIN ? INT16_MIN : wide);
    return (int16_t)(a > 0 ? result : -result);
}

#endif
