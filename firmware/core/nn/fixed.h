/* Fixed-point arithmetic with exactly the roundings of gemmlowp, on which TFLite's int8
 * kernels are built (google/gemmlowp, fixedpoint/fixedpoint.h). */
#ifndef TINY_NN_FIXED_H
#define TINY_NN_FIXED_H

#include "kernel.h"

/* a·b as a 64-bit number in two halves. */
typedef struct {
    int32_t high;
    uint32_t low;
} tiny_wide_t;

#if defined(__AVR__)
/* By way of memory: avr-gcc shifts a 64-bit number bit by bit. */
static __attribute__((noinline, unused)) tiny_wide_t tiny_product(int32_t a, int32_t b) {
    union {
        int64_t whole;
        uint32_t half[2];
    } product;
    product.whole = (int64_t)a * b;
    const tiny_wide_t wide = {(int32_t)product.half[1], product.half[0]};
    return wide;
}
#else
static inline tiny_wide_t tiny_product(int32_t a, int32_t b) {
    const int64_t product = (int64_t)a * b;
    const tiny_wide_t wide = {(int32_t)(product >> 32), (uint32_t)product};
    return wide;
}
#endif

/* a·b / 2^31, rounded half up, saturated: SaturatingRoundingDoublingHighMul. Both at INT32_MIN is
 * the one product that does not fit. */
static inline int32_t tiny_doubling_high_mul(int32_t a, int32_t b) {
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
#if defined(__AVR__)
    const tiny_wide_t wide = tiny_product(a, b);
    const uint32_t last = (wide.low & 0x80000000u) != 0u ? 1u : 0u;
    const uint32_t half = (wide.low & 0x40000000u) != 0u ? 1u : 0u;
    return (int32_t)(((uint32_t)wide.high << 1) + last + half);
#else
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
#endif
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
    if (rounding == TINY_ROUND_TWICE) {
        const int left = shift > 0 ? shift : 0;
        const int right = shift > 0 ? 0 : -shift;
        return tiny_divide_pot(tiny_doubling_high_mul((int32_t)((uint32_t)x << left), mult), right);
    }
    const tiny_wide_t wide = tiny_product(x, mult);
    if (rounding == TINY_ROUND_TWICE_POSITIVE) {
        /* The half of the first rounding, 2^30, is a carry out of the low word. */
        const int32_t first = wide.high + (wide.low >= 0xc0000000u ? 1 : 0);
        return shift == -1 ? first + (int32_t)(((wide.low + 0x40000000u) >> 31) & 1u)
                           : (first + ((int32_t)1 << (-2 - shift))) >> (-1 - shift);
    }
    /* From 33 on, the half lies in the high word and the low word cannot carry. */
    if (shift >= 33) {
        return (wide.high + ((int32_t)1 << (shift - 33))) >> (shift - 32);
    }
    const uint32_t half = (uint32_t)1 << (shift - 1);
    const uint32_t low = wide.low + half;
    const int32_t high = wide.high + (low < half ? 1 : 0);
    return shift == 32 ? high : (int32_t)(((uint32_t)high << (32 - shift)) | (low >> shift));
}

#endif
