/* Transposed 2-D convolution, int16 with int8 weights, one scale an output channel; zero points
 * are 0.
 *
 * Layouts: in [in_h][in_w][in_c], weights [out_c][k_h][k_w][in_c], out [out_h][out_w][out_c]. Each
 * output gathers the taps that reach it, every stride-th of the kernel. Source: TFLite
 * reference_integer_ops::TransposeConv, which scatters. What bias_high, low and wide mean stands in
 * fixed_16x8.h. */
#ifndef TINY_NN_TRANSPOSE_CONV_16X8_H
#define TINY_NN_TRANSPOSE_CONV_16X8_H

#include "dot_16x8.h"
#include "fixed_16x8.h"

TINY_KERNEL void tiny_transpose_conv_16x8(
    const int16_t *in, const int8_t TINY_ROM *weights, const int32_t TINY_ROM *bias,
    const int32_t TINY_ROM *bias_high, const int32_t TINY_ROM *mult, const int32_t TINY_ROM *low,
    const int8_t TINY_ROM *shift, int16_t *out, int16_t in_h, int16_t in_w, int16_t in_c,
    int16_t out_h, int16_t out_w, int16_t out_c, int16_t k_h, int16_t k_w, int16_t stride_h,
    int16_t stride_w, int16_t pad_top, int16_t pad_left, tiny_rounding_t rounding, bool wide,
    int16_t least, int16_t most) {
    for (int16_t y = 0; y < out_h; y++) {
        const int16_t first_y = (int16_t)((y + pad_top) % stride_h);
        const int16_t from_y = (int16_t)((y + pad_top) / stride_h);
        for (int16_t x = 0; x < out_w; x++) {
            const int16_t first_x = (int16_t)((x + pad_left) % stride_w);
            const int16_t from_x = (int16_t)((x + pad_left) / stride_w);
            const int8_t TINY_ROM *filter = weights;
            for (int16_t c = 0; c < out_c; c++) {
                int64_t sum = tiny_bias_16x8((uint16_t)c, bias, bias_high);
                int16_t row = from_y;
                for (int16_t ky = first_y; ky < k_h && row >= 0; ky = (int16_t)(ky + stride_h)) {
                    int16_t column = from_x;
                    for (int16_t kx = first_x; kx < k_w && column >= 0;
                         kx = (int16_t)(kx + stride_w)) {
                        if (row < in_h && column < in_w) {
                            sum = tiny_dot_16x8(in + ((int32_t)row * in_w + column) * in_c,
                                                filter + ((int32_t)ky * k_w + kx) * in_c, sum,
                                                (uint16_t)in_c, wide);
                        }
                        column--;
                    }
                    row--;
                }
                *out++ = tiny_output_16x8(sum, (uint16_t)c, mult, low, shift, rounding, wide, least,
                                          most);
                filter += (int32_t)k_h * k_w * in_c;
            }
        }
    }
}

#endif
