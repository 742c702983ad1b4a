/* Transposed 2-D convolution, int8, one scale an output channel.
 *
 * Layouts: in [in_h][in_w][in_c], weights [out_c][k_h][k_w][in_c], out [out_h][out_w][out_c].
 * Each output gathers the taps that reach it, every stride-th of the kernel, so that no memory for
 * sums is needed. Source: TFLite reference_integer_ops::TransposeConv, which scatters. */
#ifndef TINY_NN_TRANSPOSE_CONV_H
#define TINY_NN_TRANSPOSE_CONV_H

#include "fixed.h"

TINY_INNER int32_t tiny_dot_centred(const int8_t *in, const int8_t TINY_ROM *weights, int32_t sum,
                                    uint16_t n, int8_t in_zero_point) {
    for (uint16_t i = 0; i < n; i++) {
        sum += (int32_t)(in[i] - in_zero_point) * weights[i];
    }
    return sum;
}

TINY_KERNEL void tiny_transpose_conv(const int8_t *in, const int8_t TINY_ROM *weights,
                                     const int32_t TINY_ROM *bias, const int32_t TINY_ROM *mult,
                                     const int8_t TINY_ROM *shift, int8_t *out, int16_t in_h,
                                     int16_t in_w, int16_t in_c, int16_t out_h, int16_t out_w,
                                     int16_t out_c, int16_t k_h, int16_t k_w, int16_t stride_h,
                                     int16_t stride_w, int16_t pad_top, int16_t pad_left,
                                     int8_t in_zero_point, tiny_rounding_t rounding,
                                     int8_t zero_point, int8_t low, int8_t high) {
    for (int16_t y = 0; y < out_h; y++) {
        const int16_t first_y = (int16_t)((y + pad_top) % stride_h);
        const int16_t from_y = (int16_t)((y + pad_top) / stride_h);
        for (int16_t x = 0; x < out_w; x++) {
            const int16_t first_x = (int16_t)((x + pad_left) % stride_w);
            const int16_t from_x = (int16_t)((x + pad_left) / stride_w);
            const int8_t TINY_ROM *filter = weights;
            for (int16_t c = 0; c < out_c; c++) {
                int32_t sum = bias[c];
                int16_t row = from_y;
                for (int16_t ky = first_y; ky < k_h && row >= 0; ky = (int16_t)(ky + stride_h)) {
                    int16_t column = from_x;
                    for (int16_t kx = first_x; kx < k_w && column >= 0;
                         kx = (int16_t)(kx + stride_w)) {
                        if (row < in_h && column < in_w) {
                            sum = tiny_dot_centred(in + ((int32_t)row * in_w + column) * in_c,
                                                   filter + ((int32_t)ky * k_w + kx) * in_c, sum,
                                                   (uint16_t)in_c, in_zero_point);
                        }
                        column--;
                    }
                    row--;
                }
                const int32_t scaled = tiny_requantize(sum, mult[c], shift[c], rounding);
                *out++ = (int8_t)tiny_clamp(scaled + zero_point, low, high);
                filter += (int32_t)k_h * k_w * in_c;
            }
        }
    }
}

#endif
