/* Sums of products for processors with vectors and a compiler that uses them (x86-64, aarch64):
 * inputs widened to 16 bits once, weights kept so, contiguous loops of whole vectors. */
#ifndef TINY_NN_HOST_DOTS_H
#define TINY_NN_HOST_DOTS_H

#include "../fixed.h"

#if defined(__GNUC__) || defined(__clang__)
#define TINY_RESTRICT __restrict__
#else
#define TINY_RESTRICT
#endif

/* Rows of products are filled up with zeros to a multiple of this. */
#define TINY_VECTOR 16

/* n products of four rows of weights, n apart. */
static inline void tiny_host_dots(const int16_t *TINY_RESTRICT in,
                                  const int16_t *TINY_RESTRICT weights, int32_t n,
                                  int32_t *TINY_RESTRICT sums) {
    const int16_t *const row1 = weights + n;
    const int16_t *const row2 = row1 + n;
    const int16_t *const row3 = row2 + n;
    int32_t sum0 = 0;
    int32_t sum1 = 0;
    int32_t sum2 = 0;
    int32_t sum3 = 0;
    for (int32_t i = 0; i < n; i++) {
        sum0 += (int32_t)in[i] * weights[i];
        sum1 += (int32_t)in[i] * row1[i];
        sum2 += (int32_t)in[i] * row2[i];
        sum3 += (int32_t)in[i] * row3[i];
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

static inline void tiny_host_widen(const int8_t *TINY_RESTRICT in, int16_t *TINY_RESTRICT out,
                                   int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        out[i] = in[i];
    }
}

static inline void tiny_host_fill(int16_t *out, int16_t value, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        out[i] = value;
    }
}

#endif
