/* ../depthwise_conv_2d_16x8.h for MVE: the same arguments; four channels at a time, each in a lane
 * of its own, where 32 bits hold every sum. */
#ifndef TINY_NN_MVE_DEPTHWISE_16X8_H
#define TINY_NN_MVE_DEPTHWISE_16X8_H

#include "../depthwise_conv_2d_16x8.h"
#include "lanes.h"

TINY_KERNEL void tiny_mve_depthwise_16x8(
    const int16_t *in, const int8_t TINY_ROM *weights, const int32_t TINY_ROM *bias,
    const int32_t TINY_ROM *bias_high, const int32_t TINY_ROM *mult, const int32_t TINY_ROM *low,
    const int8_t TINY_ROM *shift, int16_t *out, int16_t first, int16_t rows, int16_t in_h,
    int16_t in_ring, int16_t in_w, int16_t in_c, int16_t out_w, int16_t multiplier, int16_t k_h,
    int16_t k_w, int16_t stride_h, int16_t stride_w, int16_t dilation_h, int16_t dilation_w,
    int16_t pad_top, int16_t pad_left, tiny_rounding_t rounding, bool wide, int16_t least,
    int16_t most) {
#if defined(TINY_MVE)
    if (multiplier == 1 && !wide) {
        for (int32_t y = first; y < first + rows; y++) {
            for (int32_t x = 0; x < out_w; x++) {
                const int32_t column = x * stride_w - pad_left;
                const int32_t before = tiny_mve_reach(column, dilation_w, k_w);
                const int32_t until = tiny_mve_reach(column - in_w, dilation_w, k_w);
                for (int32_t c = 0; c < in_c; c += 4) {
                    const mve_pred16_t some = vctp32q((uint32_t)(in_c - c));
                    int32x4_t sum = vldrwq_z_s32(bias + c, some);
                    for (int32_t ky = 0; ky < k_h; ky++) {
                        const int32_t row = y * stride_h - pad_top + ky * dilation_h;
                        if (row < 0 || row >= in_h) {
                            continue;
                        }
                        const int32_t held = tiny_ring((int16_t)row, in_ring, in_h);
                        const int16_t *from =
                            in + (held * in_w + column + before * dilation_w) * in_c + c;
                        const int8_t *w = weights + (ky * k_w + before) * in_c + c;
                        for (int32_t left = until - before; left > 0; left--) {
                            const int32x4_t values = vldrhq_z_s32(from, some);
                            sum = vaddq_s32(sum, vmulq_s32(values, vldrbq_z_s32(w, some)));
                            from += dilation_w * in_c;
                            w += in_c;
                        }
                    }
                    int32_t sums[4];
                    vstrwq_s32(sums, sum);
                    for (int32_t i = 0; i < 4 && c + i < in_c; i++) {
                        *out++ = tiny_output_16x8(sums[i], (uint16_t)(c + i), mult, low, shift,
                                                  rounding, wide, least, most);
                    }
                }
            }
        }
        return;
    }
#endif
    tiny_depthwise_conv_2d_16x8(in, weights, bias, bias_high, mult, low, shift, out, first, rows,
                                in_h, in_ring, in_w, in_c, out_w, multiplier, k_h, k_w, stride_h,
                                stride_w, dilation_h, dilation_w, pad_top, pad_left, rounding, wide,
                                least, most);
}

#endif
