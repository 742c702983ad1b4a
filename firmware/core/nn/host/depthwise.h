/* Depthwise 2-D convolution, int8, multiplier 1, for vectors across the channels.
 *
 * As ../depthwise_conv_2d.h, but weights are int16; sums: room for in_c of 32 bits. */
#ifndef TINY_NN_HOST_DEPTHWISE_H
#define TINY_NN_HOST_DEPTHWISE_H

#include <string.h>

#include "dots.h"

static inline void tiny_host_tap(const int8_t *TINY_RESTRICT in,
                                 const int16_t *TINY_RESTRICT weights, int32_t *TINY_RESTRICT sums,
                                 int16_t n) {
    for (int16_t c = 0; c < n; c++) {
        sums[c] += (int16_t)(in[c] * weights[c]);
    }
}

static inline void tiny_host_tap_same(int16_t value, const int16_t *TINY_RESTRICT weights,
                                      int32_t *TINY_RESTRICT sums, int16_t n) {
    for (int16_t c = 0; c < n; c++) {
        sums[c] += (int16_t)(value * weights[c]);
    }
}

TINY_KERNEL void tiny_host_depthwise(const int8_t *in, const int16_t *weights, const int32_t *bias,
                                     const int32_t *mult, const int8_t *shift, int8_t *out,
                                     void *sums, int16_t first, int16_t rows, int16_t in_h,
                                     int16_t in_ring, int16_t in_w, int16_t in_c, int16_t out_w,
                                     int16_t k_h, int16_t k_w, int16_t stride_h, int16_t stride_w,
                                     int16_t dilation_h, int16_t dilation_w, int16_t pad_top,
                                     int16_t pad_left, int8_t pad, tiny_rounding_t rounding,
                                     int8_t zero_point, int8_t low, int8_t high) {
    int32_t *const sum = (int32_t *)sums;
    for (int16_t y = first; y < first + rows; y++) {
        for (int16_t x = 0; x < out_w; x++) {
            const int16_t *tap = weights;
            memcpy(sum, bias, (size_t)in_c * sizeof *sum);
            for (int16_t ky = 0; ky < k_h; ky++) {
                const int16_t row = (int16_t)(y * stride_h - pad_top + ky * dilation_h);
                const bool inside = row >= 0 && row < in_h;
                const int32_t held = inside ? tiny_ring(row, in_ring, in_h) : 0;
                for (int16_t kx = 0; kx < k_w; kx++) {
                    const int16_t column = (int16_t)(x * stride_w - pad_left + kx * dilation_w);
                    if (inside && column >= 0 && column < in_w) {
                        tiny_host_tap(in + (held * in_w + column) * in_c, tap, sum, in_c);
                    } else {
                        tiny_host_tap_same(pad, tap, sum, in_c);
                    }
                    tap += in_c;
                }
            }
            for (int16_t c = 0; c < in_c; c++) {
                const int32_t scaled = tiny_requantize(sum[c], mult[c], shift[c], rounding);
                *out++ = (int8_t)tiny_clamp(scaled + zero_point, low, high);
            }
        }
    }
}

#endif
