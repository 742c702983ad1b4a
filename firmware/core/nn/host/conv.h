/* 2-D convolution of one group, int8, for vectors (see dots.h).
 *
 * As ../conv_2d.h, but weights are int16 [out_c to a multiple of 4][k_h·k_w·in_c to a multiple of
 * TINY_VECTOR], filled up with zeros, bias, mult and shift likewise; patch: room for a row of
 * them. */
#ifndef TINY_NN_HOST_CONV_H
#define TINY_NN_HOST_CONV_H

#include "dots.h"

/* The inputs under one output, as one row. */
static inline void tiny_host_patch(const int8_t *in, int16_t *patch, int16_t row, int16_t column,
                                   int16_t in_h, int16_t in_ring, int16_t in_w, int16_t in_c,
                                   int16_t k_h, int16_t k_w, int16_t dilation_h, int16_t dilation_w,
                                   int8_t pad) {
    const int32_t run = (int32_t)k_w * in_c;
    for (int16_t ky = 0; ky < k_h; ky++) {
        const int16_t y = (int16_t)(row + ky * dilation_h);
        if (y < 0 || y >= in_h) {
            tiny_host_fill(patch, pad, run);
            patch += run;
            continue;
        }
        const int8_t *const line = in + (int32_t)tiny_ring(y, in_ring, in_h) * in_w * in_c;
        if (dilation_w == 1 && column >= 0 && column + k_w <= in_w) {
            tiny_host_widen(line + (int32_t)column * in_c, patch, run);
            patch += run;
            continue;
        }
        for (int16_t kx = 0; kx < k_w; kx++) {
            const int16_t x = (int16_t)(column + kx * dilation_w);
            if (x < 0 || x >= in_w) {
                tiny_host_fill(patch, pad, in_c);
            } else {
                tiny_host_widen(line + (int32_t)x * in_c, patch, in_c);
            }
            patch += in_c;
        }
    }
}

TINY_KERNEL void tiny_host_conv(const int8_t *in, const int16_t *weights, const int32_t *bias,
                                const int32_t *mult, const int8_t *shift, int8_t *out, void *patch,
                                int16_t first, int16_t rows, int16_t in_h, int16_t in_ring,
                                int16_t in_w, int16_t in_c, int16_t out_w, int16_t out_c,
                                int16_t k_h, int16_t k_w, int16_t stride_h, int16_t stride_w,
                                int16_t dilation_h, int16_t dilation_w, int16_t pad_top,
                                int16_t pad_left, int8_t pad, int32_t products,
                                tiny_rounding_t rounding, int8_t zero_point, int8_t low,
                                int8_t high) {
    int16_t *const seen = (int16_t *)patch;
    const int32_t real = (int32_t)k_h * k_w * in_c;
    tiny_host_fill(seen + real, 0, products - real);
    for (int16_t y = first; y < first + rows; y++) {
        for (int16_t x = 0; x < out_w; x++) {
            tiny_host_patch(in, seen, (int16_t)(y * stride_h - pad_top),
                            (int16_t)(x * stride_w - pad_left), in_h, in_ring, in_w, in_c, k_h, k_w,
                            dilation_h, dilation_w, pad);
            for (int16_t c = 0; c < out_c; c = (int16_t)(c + 4)) {
                int32_t sums[4];
                tiny_host_dots(seen, weights + c * products, products, sums);
                for (int16_t i = c; i < c + 4 && i < out_c; i++) {
                    const int32_t scaled =
                        tiny_requantize(sums[i - c] + bias[i], mult[i], shift[i], rounding);
                    *out++ = (int8_t)tiny_clamp(scaled + zero_point, low, high);
                }
            }
        }
    }
}

#endif
