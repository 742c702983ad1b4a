/* Logistic and tanh of 16-bit fixed-point numbers, with exactly the roundings of gemmlowp
 * (fixedpoint/fixedpoint.h: logistic, tanh, exp_on_negative_values).
 *
 * A number with n integer bits is raw / 2^(15 - n); results have none. */
#ifndef TINY_NN_SIGMOID_16_H
#define TINY_NN_SIGMOID_16_H

#include "fixed.h"

/* a·b / 2^15, rounded half up, saturated: SaturatingRoundingDoublingHighMul of 16 bits. */
static inline int16_t tiny_mul_16(int16_t a, int16_t b) {
    const int32_t product = ((int32_t)a * b + 0x4000) >> 15;
    return (int16_t)(product > INT16_MAX ? INT16_MAX : product);
}

/* x / 2^n, rounded half away from zero. */
static inline int16_t tiny_divide_pot_16(int16_t x, int n) {
    return (int16_t)tiny_divide_pot(x, n);
}

/* x · 2^n, saturated. */
static inline int16_t tiny_multiply_pot_16(int32_t x, int n) {
    const int32_t limit = INT16_MAX >> n;
    return (int16_t)(x > limit ? INT16_MAX : (x < -limit - 1 ? INT16_MIN : x * (1 << n)));
}

/* exp(a) for a <= 0 with `bits` integer bits, at most 7. */
TINY_INNER int16_t tiny_exp_16(int16_t a, uint8_t bits) {
    /* exp(-2^n) for n = -2 to 4, without integer bits */
    static const int16_t TINY_ROM powers[7] = {25520, 19875, 12055, 4435, 600, 11, 0};
    if (a == 0) {
        return INT16_MAX;
    }
    if (bits > 5 && a < -(INT32_C(1) << (20 - bits))) {
        return 0;
    }
    /* Between −1/4 and 0 a polynomial about −1/8; the rest is factors. */
    const int16_t quarter = (int16_t)(1 << (13 - bits));
    const int16_t part = (int16_t)((a & (quarter - 1)) - quarter);
    const int16_t remainder = (int16_t)(part - a);
    const int16_t x = (int16_t)(tiny_multiply_pot_16(part, bits) + 4096);
    const int16_t x2 = tiny_mul_16(x, x);
    const int16_t x3 = tiny_mul_16(x2, x);
    const int16_t x4 = tiny_mul_16(x2, x2);
    const int16_t third = tiny_mul_16((int16_t)(tiny_divide_pot_16(x4, 2) + x3), 10923);
    const int16_t tail = tiny_divide_pot_16((int16_t)(third + x2), 1);
    int16_t result =
        (int16_t)tiny_clamp(28918 + tiny_mul_16(28918, (int16_t)(x + tail)), INT16_MIN, INT16_MAX);
    for (uint8_t n = 0; n < bits + 2; n++) {
        if (((uint16_t)remainder >> (13 - bits + n) & 1u) != 0u) {
            result = tiny_mul_16(result, powers[n]);
        }
    }
    return result;
}

/* 1 / (1 + a) for 0 < a < 1, halved: with two integer bits. By Newton and Raphson. */
TINY_INNER int16_t tiny_half_reciprocal_16(int16_t a) {
    const int16_t half = (int16_t)(((int32_t)a + INT16_MAX + 1) / 2);
    int16_t x = (int16_t)(23130 + tiny_mul_16(half, -15420));
    for (uint8_t i = 0; i < 3; i++) {
        const int16_t rest = (int16_t)(8192 - tiny_mul_16(half, x));
        x = (int16_t)(x + tiny_multiply_pot_16(tiny_mul_16(x, rest), 2));
    }
    return x;
}

/* 1 / (1 + exp(−a)), a with three integer bits. */
TINY_INNER int16_t tiny_logistic_16(int16_t a) {
    if (a == 0) {
        return 16384;
    }
    const int16_t negative = a > 0 ? (int16_t)-a : a;
    const int16_t result =
        tiny_multiply_pot_16(tiny_half_reciprocal_16(tiny_exp_16(negative, 3)), 1);
    return a > 0 ? result : (int16_t)(INT16_MAX - result);
}

/* tanh(a), a with `bits` integer bits, at most 6. */
TINY_INNER int16_t tiny_tanh_16(int16_t a, uint8_t bits) {
    if (a == 0) {
        return 0;
    }
    const int16_t negative = a > 0 ? (int16_t)-a : a;
    const int16_t x = tiny_half_reciprocal_16(tiny_exp_16(negative, (uint8_t)(bits + 1)));
    const int16_t result = tiny_multiply_pot_16(x - 8192, 2);
    return a > 0 ? result : (int16_t)-result;
}

#endif
