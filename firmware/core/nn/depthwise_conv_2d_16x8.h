/* Depthwise 2-D convolution, int16 with int8 weights, one scale a channel; zero points are 0.
 *
 * Layouts: in [in_h][in_w][in_c], weights [k_h][k_w][in_c·multiplier]. Computes `rows` rows of out
 * from row `first` on; in_ring rows of in are held (see tiny_ring). What bias_high, low and
 * wide mean stands in fixed_16x8.h. */
#ifndef TINY_NN_DEPTHWISE_CONV_2D_16X8_H
#define TINY_NN_DEPTHWISE_CONV_2D_16X8_H

#include "dot_16x8.h"
#include "fixed_16x8.h"

/* The taps from..to−1 of k that lie inside, the first of them at `start`. */
typedef struct {
    int16_t from;
    int16_t to;
} tiny_taps_t;

static inline tiny_taps_t tiny_taps_inside(int16_t start, int16_t k, int16_t dilation,
                                           int16_t size) {
    const int32_t before = start < 0 ? (dilation - 1 - start) / dilation : 0;
    const int32_t fit = start < size ? (size - start + dilation - 1) / dilation : 0;
    tiny_taps_t taps;
    taps.from = (int16_t)before;
    taps.to = (int16_t)(fit < k ? fit : k);
    return taps;
}

TINY_KERNEL void tiny_depthwise_conv_2d_16x8(
    const int16_t *in, const int8_t TINY_ROM *weights, const int32_t TINY_ROM *bias,
    const int32_t TINY_ROM *bias_high, const int32_t TINY_ROM *mult, const int32_t TINY_ROM *low,
    const int8_t TINY_ROM *shift, int16_t *out, int16_t first, int16_t rows, int16_t in_h,
    int16_t in_ring, int16_t in_w, int16_t in_c, int16_t out_w, int16_t multiplier, int16_t k_h,
    int16_t k_w, int16_t stride_h, int16_t stride_w, int16_t dilation_h, int16_t dilation_w,
    int16_t pad_top, int16_t pad_left, tiny_rounding_t rounding, bool wide, int16_t least,
    int16_t most) {
    const int16_t out_c = (int16_t)(in_c * multiplier);
    for (int16_t y = first; y < first + rows; y++) {
        const int16_t top = (int16_t)(y * stride_h - pad_top);
        const tiny_taps_t v = tiny_taps_inside(top, k_h, dilation_h, in_h);
        for (int16_t x = 0; x < out_w; x++) {
            const int16_t left = (int16_t)(x * stride_w - pad_left);
            const tiny_taps_t h = tiny_taps_inside(left, k_w, dilation_w, in_w);
            for (int16_t c = 0; c < out_c; c++) {
                const int16_t from = (int16_t)(c / multiplier);
                int64_t sum = tiny_bias_16x8((uint16_t)c, bias, bias_high);
                for (int16_t ky = v.from; ky < v.to; ky++) {
                    const int32_t held = tiny_ring((int16_t)(top + ky * dilation_h), in_ring, in_h);
                    const int16_t *value =
                        in + (held * in_w + left + h.from * dilation_w) * in_c + from;
                    const int8_t TINY_ROM *tap = weights + ((int32_t)ky * k_w + h.from) * out_c + c;
                    for (int16_t kx = h.from; kx < h.to; kx++) {
                        const int32_t product = (int32_t)*value * *tap;
                        sum = wide ? sum + product : (int32_t)sum + product;
                        value += (int32_t)dilation_w * in_c;
                        tap += out_c;
                    }
                }
                *out++ = tiny_output_16x8(sum, (uint16_t)c, mult, low, shift, rounding, wide, least,
                                          most);
            }
        }
    }
}

#endif
