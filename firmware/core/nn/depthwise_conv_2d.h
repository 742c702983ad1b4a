/* Depthwise 2-D convolution, int8, one scale a channel: each input channel yields `multiplier`
 * output channels of its own.
 *
 * Layouts: in [in_h][in_w][in_c], weights [k_h][k_w][in_c·multiplier]. Computes `rows` rows of out
 * from row `first` on; in_ring rows of in are held (see tiny_ring). bias holds
 * −zero_point·Σweights, so a tap outside the image counts as the input's zero point, pad. Portable
 * body: what every other version is tested against. */
#ifndef TINY_NN_DEPTHWISE_CONV_2D_H
#define TINY_NN_DEPTHWISE_CONV_2D_H

#include "dot.h"
#include "fixed.h"

TINY_KERNEL void tiny_depthwise_conv_2d(
    const int8_t *in, const int8_t TINY_ROM *weights, const int32_t TINY_ROM *bias,
    const int32_t TINY_ROM *mult, const int8_t TINY_ROM *shift, int8_t *out, int16_t first,
    int16_t rows, int16_t in_h, int16_t in_ring, int16_t in_w, int16_t in_c, int16_t out_w,
    int16_t multiplier, int16_t k_h, int16_t k_w, int16_t stride_h, int16_t stride_w,
    int16_t dilation_h, int16_t dilation_w, int16_t pad_top, int16_t pad_left, int8_t pad,
    tiny_rounding_t rounding, int8_t zero_point, int8_t low, int8_t high) {
    const int16_t out_c = (int16_t)(in_c * multiplier);
    for (int16_t y = first; y < first + rows; y++) {
        for (int16_t x = 0; x < out_w; x++) {
            for (int16_t c = 0; c < out_c; c++) {
                const int16_t from = (int16_t)(c / multiplier);
                const int8_t TINY_ROM *tap = weights + c;
                int32_t sum = bias[c];
                for (int16_t ky = 0; ky < k_h; ky++) {
                    const int16_t row = (int16_t)(y * stride_h - pad_top + ky * dilation_h);
                    for (int16_t kx = 0; kx < k_w; kx++) {
                        const int16_t column = (int16_t)(x * stride_w - pad_left + kx * dilation_w);
                        int8_t value = pad;
                        if (row >= 0 && row < in_h && column >= 0 && column < in_w) {
                            const int32_t held = tiny_ring(row, in_ring, in_h);
                            value = in[(held * in_w + column) * in_c + from];
                        }
                        sum += tiny_times(value, *tap);
                        tap += out_c;
                    }
                }
                const int32_t scaled = tiny_requantize(sum, mult[c], shift[c], rounding);
                *out++ = (int8_t)tiny_clamp(scaled + zero_point, low, high);
            }
        }
    }
}

#endif
