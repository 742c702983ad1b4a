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

/* The root of x shifted up by pairs of bits until it is 2^30 at least; *pairs grows by their
 * number. 0 < x. */
uint32_t tiny_full_root(uint64_t x, int16_t *pairs);

/* 2^e times the square root of a / b, rounded to the nearest but for one part in 10^8; from 2^29 on
 * it may be held at INT32_MAX. 0 < b; any a. */
int32_t tiny_root_ratio(uint64_t a, uint64_t b, int16_t e);

/* The square root of value to the nearest whole number. */
uint16_t tiny_root_32(uint32_t value);

/* The angle of the point (x, y) from the x axis, hundredths of a degree, -18000..18000, within one;
 * 0 for the point (0, 0). |x| and |y| < 2^31. */
int32_t tiny_angle(int32_t y, int32_t x);

/* sin(2 pi turn / 65536) in 1/32768, within 2; 1 is 32767. A table: a polynomial of the same
 * accuracy is 170 bytes shorter on an AVR, and takes 490 cycles for 60. */
int16_t tiny_sine(uint16_t turn);

/* log2 of value in 1/32768, within 3; 0 for 0. */
int32_t tiny_log2(uint32_t value);

#endif
