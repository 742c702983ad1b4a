/* ../depthwise_conv_2d.h for MVE: the same arguments, any window; four channels at a time, each in
 * a lane of its own. For what depthwise_conv_2d.h beside this file does not take. */
#ifndef TINY_NN_MVE_DEPTHWISE_LANES_H
#define TINY_NN_MVE_DEPTHWISE_LANES_H

#include "../depthwise_conv_2d.h"
#include "lanes.h"

#if defined(TINY_MVE)

/* n taps of some channels, `next` bytes apart in the image, `channels` apart in the weights. */
TINY_INNER int32x4_t tiny_mve_taps(int32x4_t sum, const int8_t *in, const int8_t *weights,
                                   int32_t n, int32_t next, int32_t channels, mve_pred16_t some) {
    for (; n > 0; n--) {
        sum = vaddq_s32(sum, vmulq_s32(vldrbq_z_s32(in, some), vldrbq_z_s32(weights, some)));
        in += next;
        weights += channels;
    }
    return sum;
}

#endif

TINY_KERNEL void tiny_mve_depthwise_lanes(
    const int8_t *in, const int8_t TINY_ROM *weights, const int32_t TINY_ROM *bias,
    const int32_t TINY_ROM *mult, const int8_t TINY_ROM *shift, int8_t *out, int16_t first,
    int16_t rows, int16_t in_h, int16_t in_ring, int16_t in_w, int16_t in_c, int16_t out_w,
    int16_t multiplier, int16_t k_h, int16_t k_w, int16_t stride_h, int16_t stride_w,
    int16_t dilation_h, int16_t dilation_w, int16_t pad_top, int16_t pad_left, int8_t pad,
    tiny_rounding_t rounding, int8_t zero_point, int8_t low, int8_t high) {
#if defined(TINY_MVE)
    if (multiplier == 1) {
        const uint8_t scaling =
            rounding == TINY_ROUND_TWICE_POSITIVE ? TINY_MVE_HALF_UP : TINY_MVE_ANY_SHIFT;
        for (int32_t y = first; y < first + rows; y++) {
            for (int32_t x = 0; x < out_w; x++) {
                const int32_t column = x * stride_w - pad_left;
                /* Taps before the image, in it and before its end. */
                const int32_t before = tiny_mve_reach(column, dilation_w, k_w);
                const int32_t until = tiny_mve_reach(column - in_w, dilation_w, k_w);
                for (int32_t c = 0; c < in_c; c += 4) {
                    const mve_pred16_t some = vctp32q((uint32_t)(in_c - c));
                    const int8_t *w = weights + c;
                    int32x4_t sum = vldrwq_z_s32(bias + c, some);
                    for (int32_t ky = 0; ky < k_h; ky++) {
                        const int32_t row = y * stride_h - pad_top + ky * dilation_h;
                        const bool inside = row >= 0 && row < in_h;
                        for (int32_t kx = 0; kx < k_w; kx++) {
                            if (inside && kx == before && until > before) {
                                const int32_t held = tiny_ring((int16_t)row, in_ring, in_h);
                                const int8_t *const from =
                                    in + (held * in_w + column + kx * dilation_w) * in_c + c;
                                sum = tiny_mve_taps(sum, from, w, until - before, dilation_w * in_c,
                                                    in_c, some);
                                w += (until - before) * in_c;
                                kx = until - 1;
                                continue;
                            }
                            sum = vmlaq_n_s32(sum, vldrbq_z_s32(w, some), pad);
                            w += in_c;
                        }
                    }
                    sum = tiny_mve_scale(sum, vldrwq_z_s32(mult + c, some),
                                         vldrbq_z_s32(shift + c, some), scaling);
                    sum = vaddq_n_s32(sum, zero_point);
                    sum = vminq_s32(vmaxq_s32(sum, vdupq_n_s32(low)), vdupq_n_s32(high));
                    vstrbq_p_s32(out + c, sum, some);
                }
                out += in_c;
            }
        }
        return;
    }
#endif
    tiny_depthwise_conv_2d(in, weights, bias, mult, shift, out, first, rows, in_h, in_ring, in_w,
                           in_c, out_w, multiplier, k_h, k_w, stride_h, stride_w, dilation_h,
                           dilation_w, pad_top, pad_left, pad, rounding, zero_point, low, high);
}

#endif
