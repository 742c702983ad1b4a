/* ../depthwise_conv_2d.h on Arm's DSP extension: the same arguments, for any window; four channels
 * at a time where each yields one output. */
#ifndef TINY_NN_DSP_DEPTHWISE_ANY_H
#define TINY_NN_DSP_DEPTHWISE_ANY_H

#include "../depthwise_conv_2d.h"
#include "dsp.h"

/* n taps, `step` bytes apart, of four channels, whose inputs lie in_step bytes apart. */
static inline __attribute__((always_inline)) const int8_t TINY_ROM *
tiny_dsp_taps_of_four(const int8_t *in, uint32_t in_step, const int8_t TINY_ROM *tap, uint32_t step,
                      int32_t n, uint32_t sums[4]) {
    for (; n > 0; n--, in += in_step, tap += step) {
        const uint32_t inputs = tiny_word(in);
        const uint32_t taps = tiny_word(tap);
        const uint32_t even = tiny_sxtb16(inputs);
        const uint32_t odd = tiny_sxtb16_odd(inputs);
        const uint32_t even_taps = tiny_sxtb16(taps);
        const uint32_t odd_taps = tiny_sxtb16_odd(taps);
        sums[0] = tiny_smlabb(even, even_taps, sums[0]);
        sums[1] = tiny_smlabb(odd, odd_taps, sums[1]);
        sums[2] = tiny_smlatt(even, even_taps, sums[2]);
        sums[3] = tiny_smlatt(odd, odd_taps, sums[3]);
    }
    return tap;
}

TINY_KERNEL void tiny_dsp_depthwise_conv_2d(
    const int8_t *in, const int8_t TINY_ROM *weights, const int32_t TINY_ROM *bias,
    const int32_t TINY_ROM *mult, const int8_t TINY_ROM *shift, int8_t *out, int16_t first,
    int16_t rows, int16_t in_h, int16_t in_ring, int16_t in_w, int16_t in_c, int16_t out_w,
    int16_t multiplier, int16_t k_h, int16_t k_w, int16_t stride_h, int16_t stride_w,
    int16_t dilation_h, int16_t dilation_w, int16_t pad_top, int16_t pad_left, int8_t pad,
    tiny_rounding_t rounding, int8_t zero_point, int8_t low, int8_t high) {
    if (multiplier != 1 || in_c % 4 != 0 || dilation_w != 1) {
        tiny_depthwise_conv_2d(in, weights, bias, mult, shift, out, first, rows, in_h, in_ring,
                               in_w, in_c, out_w, multiplier, k_h, k_w, stride_h, stride_w,
                               dilation_h, dilation_w, pad_top, pad_left, pad, rounding, zero_point,
                               low, high);
        return;
    }
    const int8_t padding[4] = {pad, pad, pad, pad};
    for (int16_t y = first; y < first + rows; y++) {
        const int32_t top = y * stride_h - pad_top;
        for (int16_t x = 0; x < out_w; x++) {
            const int32_t left = x * stride_w - pad_left;
            const int32_t over = left + k_w - in_w;
            const int32_t before = left < 0 ? (-left < k_w ? -left : k_w) : 0;
            const int32_t after = over > 0 ? (over < k_w - before ? over : k_w - before) : 0;
            for (int16_t c = 0; c < in_c; c = (int16_t)(c + 4)) {
                const int8_t TINY_ROM *tap = weights + c;
                uint32_t sums[4] = {(uint32_t)bias[c], (uint32_t)bias[c + 1], (uint32_t)bias[c + 2],
                                    (uint32_t)bias[c + 3]};
                for (int16_t ky = 0; ky < k_h; ky++) {
                    const int32_t row = top + ky * dilation_h;
                    const bool exists = row >= 0 && row < in_h;
                    const int32_t held = exists ? tiny_ring((int16_t)row, in_ring, in_h) : 0;
                    const int8_t *const from = in + (held * in_w + left + before) * in_c + c;
                    const int32_t inside = exists ? k_w - before - after : 0;
                    tap = tiny_dsp_taps_of_four(padding, 0, tap, (uint32_t)in_c,
                                                exists ? before : k_w, sums);
                    tap = tiny_dsp_taps_of_four(from, (uint32_t)in_c, tap, (uint32_t)in_c, inside,
                                                sums);
                    tap = tiny_dsp_taps_of_four(padding, 0, tap, (uint32_t)in_c, exists ? after : 0,
                                                sums);
                }
                for (int16_t lane = 0; lane < 4; lane++) {
                    const int32_t scaled = tiny_requantize((int32_t)sums[lane], mult[c + lane],
                                                           shift[c + lane], rounding);
                    *out++ = (int8_t)tiny_clamp(scaled + zero_point, low, high);
                }
            }
        }
    }
}

#endif
