/* Whole-number arithmetic that every board agrees on: 64-bit intermediates, one rounding rule
 * (halves go away from zero), saturation instead of wrap-around. */
#ifndef TINY_NUMBER_H
#define TINY_NUMBER_H

#include "tiny.h"

/* a / b to the nearest whole number, halves away from zero. b > 0, |a| < 2^62. */
static inline int64_t tiny_div_round(int64_t a, int64_t b) {
    return a >= 0 ? (a + b / 2) / b : -((-a + b / 2) / b);
}

/* The nearest int32 that is not TINY_MISSING. */
static inline int32_t tiny_saturate(int64_t x) {
    if (x > INT32_MAX) {
        return INT32_MAX;
    }
    return x <= INT32_MIN ? INT32_MIN + 1 : (int32_t)x;
}

/* The line through (x0, y0) and (x1, y1) at x, beyond its ends too; x0 != x1 in either order (a
 * drier soil gives a higher voltage). */
static inline int32_t tiny_line(int32_t x, int32_t x0, int32_t x1, int32_t y0, int32_t y1) {
    const bool falling = x1 < x0;
    const int64_t run = falling ? (int64_t)x0 - x1 : (int64_t)x1 - x0;
    const int64_t step = falling ? (int64_t)x0 - x : (int64_t)x - x0;
    return tiny_saturate(y0 + tiny_div_round(step * ((int64_t)y1 - y0), run));
}

/* The middle one of three: a single wild reading does no harm. */
static inline int32_t tiny_median3(int32_t a, int32_t b, int32_t c) {
    if (a > b) {
        const int32_t t = a;
        a = b;
        b = t;
    }
    return c < a ? a : c > b ? b : c;
}

/* a + b, held at UINT32_MAX: a deadline may never wrap into the past. */
static inline uint32_t tiny_later(uint32_t a, uint32_t b) {
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

#endif
