/* Whole-number arithmetic of the features: quotients and roots that every board agrees on. */
#ifndef TINY_FEATURES_ARITHMETIC_H
#define TINY_FEATURES_ARITHMETIC_H

#include "../tiny.h"

/* |x| as an unsigned number; right for INT64_MIN too. */
static inline uint64_t tiny_size(int64_t x) {
    return x < 0 ? 0U - (uint64_t)x : (uint64_t)x;
}

/* numerator / denominator, half away from zero, held at INT32_MAX and -INT32_MAX. denominator > 0,
 * and |numerator| + denominator / 2 < 2^64. */
int32_t tiny_quotient(int64_t numerator, uint64_t denominator);

/* value * numerator / denominator, rounded and held so; 0 <= numerator < 2^31, denominator > 0.
 * TINY_MISSING stays. */
int32_t tiny_scaled(int32_t value, int32_t numerator, uint32_t denominator);

/* Greatest r with r * r <= value. */
uint32_t tiny_root(uint64_t value);

/* The square root of value to the nearest whole number. */
uint16_t tiny_root_32(uint32_t value);

#endif
