/* 2-D convolution, int16 with int8 weights, one scale an output channel; zero points are 0.
 *
 * Layouts: in [in_h][in_w][in_c], weights [out_c][k_h][k_w][w_c], out [out_h][out_w][out_c];
 * groups = in_c / w_c. Computes `rows` rows of out from row `first` on; in_ring rows of in are
 * held (see tiny_ring). What bias_high, low and wide mean stands in fixed_16x8.h. */
#ifndef TINY_NN_CONV_2D_16X8_H
#define TINY_NN_CONV_2D_16X8_H

#include "dot_16x8.h"
#include "fixed_16x8.h"

TINY_KERNEL void tiny_conv_2d_16x8(const int16_t *in, const int8_t TINY_ROM *weights,
                                   const int32_t TINY_ROM *bias, const int32_t TINY_ROM *bias_high,
                                   const int32_t TINY_ROM *mult, const int32_t TINY_ROM *low,
                                   const int8_t TINY_ROM *shift, int16_t *out, int16_t first,
                                   int16_t rows, int16_t in_h, int16_t in_ring, int16_t in_w,
                                   int16_t in_c, int16_t out_w, int16_t out_c, int16_t w_c,
                                   int16_t k_h, int16_t k_w, int16_t stride_h, int16_t stride_w,
                                   int16_t dilation_h, int16_t dilation_w, int16_t pad_top,
                                   int16_t pad_left, tiny_rounding_t rounding, bool wide,
                                   int16_t least, int16_t most) {
    const int16_t per_group = (int16_t)(out_c / (in_c / w_c));
    for (int16_t y = first; y < first + rows; y++) {
        for (int16_t x = 0; x < out_w; x++) {
            const int8_t TINY_ROM *tap = weights;
            for (int16_t c = 0; c < out_c; c++) {
                const int16_t group = (int16_t)(c / per_group * w_c);
                int64_t sum = tiny_bias_16x8((uint16_t)c, bias, bias_high);
                for (int16_t ky = 0; ky < k_h; ky++) {
                    const int16_t row = (int16_t)(y * stride_h - pad_top + ky * dilation_h);
                    if (row < 0 || row >= in_h) {
                        tap += k_w * w_c;
                        continue;
                    }
                    if (dilation_w == 1 && w_c == in_c) { /* what lies inside is one run */
                        const int16_t left = (int16_t)(x * stride_w - pad_left);
                        const int16_t from = (int16_t)(left < 0 ? -left : 0);
                        const int16_t to = (int16_t)(in_w - left < k_w ? in_w - left : k_w);
                        if (from < to) {
                            const int32_t held = tiny_ring(row, in_ring, in_h);
                            sum = tiny_dot_16x8(in + (held * in_w + left + from) * in_c,
                                                tap + from * w_c, sum,
                                                (uint16_t)((to - from) * w_c), wide);
                        }
                        tap += k_w * w_c;
                        continue;
                    }
                    for (int16_t kx = 0; kx < k_w; kx++) {
                        const int16_t column = (int16_t)(x * stride_w - pad_left + kx * dilation_w);
                        if (column >= 0 && column < in_w) {
                            const int32_t held = tiny_ring(row, in_ring, in_h);
                            const int16_t *const pixel = in + (held * in_w + column) * in_c + group;
                            sum = tiny_dot_16x8(pixel, tap, sum, (uint16_t)w_c, wide);
                        }
                        tap += w_c;
                    }
                }
                *out++ = tiny_output_16x8(sum, (uint16_t)c, mult, low, shift, rounding, wide, least,
                                          most);
            }
        }
    }
}

#endif
