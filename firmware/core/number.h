/* Whole-number arithmetic that every board agrees on: one rounding rule (halves go away from
 * zero), saturation instead of wrap-around. */
#ifndef TINY_NUMBER_H
#define TINY_NUMBER_H

#include "tiny.h"

/* The line through (x0, y0) and (x1, y1) at x, beyond its ends too; x0 != x1 in either order (a
 * drier soil gives a higher voltage). 32 bits are enough: |x - x0| * |y1 - y0| < 2^30. */
static inline int32_t tiny_line(int32_t x, int32_t x0, int32_t x1, int32_t y0, int32_t y1) {
    int32_t run = x1 - x0;
    int32_t rise = (x - x0) * (y1 - y0);
    if (run < 0) {
        run = -run;
        rise = -rise;
    }
    const int32_t half = run / 2;
    return y0 + (rise < 0 ? rise - half : rise + half) / run;
}

/* A reading of scale 10^scale (-4 to 0) in tenths, half away from zero; TINY_MISSING stays. */
static inline int32_t tiny_tenths(int32_t value, int8_t scale) {
    static const int16_t parts[] = {1, 1, 10, 100, 1000};
    if (value == TINY_MISSING) {
        return value;
    }
    if (scale == 0) {
        return value * 10;
    }
    const int16_t part = parts[-scale];
    return (value < 0 ? value - part / 2 : value + part / 2) / part;
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
