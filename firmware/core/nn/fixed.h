/* Fixed-point arithmetic with exactly the roundings of gemmlowp, on which TFLite's int8
 * kernels are built (google/gemmlowp, fixedpoint/fixedpoint.h). */
#ifndef TINY_NN_FIXED_H
#define TINY_NN_FIXED_H

#include "kernel.h"

/* a·b / 2^31, rounded half up, saturated: SaturatingRoundingDoublingHighMul. Both at INT32_MIN is
 * the one product that does not fit. */
static inline int32_t tiny_doubling_high_mul(int32_t a, int32_t b) {
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* x / 2^n, rounded half away from zero, n in 0..31: RoundingDivideByPOT. */
static inline int32_t tiny_divide_pot(int32_t x, int n) {
    const int32_t mask = (int32_t)(((uint32_t)1 << n) - 1u);
    const int32_t half = (mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> n) + ((x & mask) > half ? 1 : 0);
}

/* x · 2^n, saturated: SaturatingRoundingMultiplyByPOT for n > 0. */
static inline int32_t tiny_multiply_pot(int32_t x, int n) {
    const int32_t limit = (int32_t)(((uint32_t)1 << (31 - n)) - 1u);
    if (x > limit) {
        return INT32_MAX;
    }
    if (x < -limit - 1) {
        return INT32_MIN;
    }
    return (int32_t)((uint32_t)x << n);
}

/* How a sum becomes an output. mult is in 2^30..2^31−1, or zero; shift as said. */
typedef enum {
    /* x·mult / 2^shift, rounded half up; shift 1..62. */
    TINY_ROUND_ONCE = 0,
    /* TFLite's MultiplyByQuantizedMultiplier, x·mult·2^(shift−31) rounded twice; shift −31..30. */
    TINY_ROUND_TWICE = 1,
    /* The same where only x >= 0 matters, for anything less is clamped to what 0 gives (ReLU), and
     * shift is −31..−1: there two roundings are one, with its half moved by half a unit of the
     * first. */
    TINY_ROUND_TWICE_POSITIVE = 2
} tiny_rounding_t;

static inline int32_t tiny_requantize(int32_t x, int32_t mult, int8_t shift,
                                      tiny_rounding_t rounding) {
    if (rounding == TINY_ROUND_ONCE) {
        return (int32_t)(((int64_t)x * mult + ((int64_t)1 << (shift - 1))) >> shift);
    }
    if (rounding == TINY_ROUND_TWICE_POSITIVE) {
        const int64_t half = ((int64_t)1 << (30 - shift)) + ((int64_t)1 << 30);
        return (int32_t)(((int64_t)x * mult + half) >> (31 - shift));
    }
    const int left = shift > 0 ? shift : 0;
    const int right = shift > 0 ? 0 : -shift;
    return tiny_divide_pot(tiny_doubling_high_mul((int32_t)((uint32_t)x << left), mult), right);
}

#endif
