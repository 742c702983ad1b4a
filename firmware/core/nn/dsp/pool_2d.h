/* ../pool_2d.h on Arm's DSP extension: the same arguments, four channels at a time. */
#ifndef TINY_NN_DSP_POOL_2D_H
#define TINY_NN_DSP_POOL_2D_H

#include "../pool_2d.h"
#include "dsp.h"

/* A pixel's average of a sum. */
static inline int8_t tiny_dsp_average(int32_t sum, int32_t count, int8_t low, int8_t high) {
    const int32_t half = count / 2;
    return (int8_t)tiny_clamp((sum + (sum > 0 ? half : -half)) / count, low, high);
}

/* Halfwords hold the sums of up to 256 bytes. */
TINY_KERNEL void tiny_dsp_average_pool_2d(const int8_t *in, int8_t *out, int16_t in_h, int16_t in_w,
                                          int16_t channels, int16_t out_h, int16_t out_w,
                                          int16_t k_h, int16_t k_w, int16_t stride_h,
                                          int16_t stride_w, int16_t pad_top, int16_t pad_left,
                                          int8_t low, int8_t high) {
    if (channels % 4 != 0 || k_h * k_w > 256) {
        tiny_average_pool_2d(in, out, in_h, in_w, channels, out_h, out_w, k_h, k_w, stride_h,
                             stride_w, pad_top, pad_left, low, high);
        return;
    }
    for (int32_t y = 0; y < out_h; y++) {
        const int32_t row = y * stride_h - pad_top;
        const int32_t top = row > 0 ? row : 0;
        const int32_t bottom = row + k_h < in_h ? row + k_h : in_h;
        for (int32_t x = 0; x < out_w; x++) {
            const int32_t column = x * stride_w - pad_left;
            const int32_t left = column > 0 ? column : 0;
            const int32_t right = column + k_w < in_w ? column + k_w : in_w;
            const int32_t count = (bottom - top) * (right - left);
            for (int32_t c = 0; c < channels; c += 4) {
                const int8_t *line = in + (top * in_w + left) * channels + c;
                uint32_t even = 0;
                uint32_t odd = 0;
                for (int32_t i = top; i < bottom; i++, line += in_w * channels) {
                    const int8_t *pixel = line;
                    for (int32_t j = left; j < right; j++, pixel += channels) {
                        const uint32_t four = tiny_word(pixel);
                        even = tiny_sxtab16(even, four);
                        odd = tiny_sxtab16_odd(odd, four);
                    }
                }
                out[0] = tiny_dsp_average(tiny_low_half(even), count, low, high);
                out[1] = tiny_dsp_average(tiny_low_half(odd), count, low, high);
                out[2] = tiny_dsp_average(tiny_high_half(even), count, low, high);
                out[3] = tiny_dsp_average(tiny_high_half(odd), count, low, high);
                out += 4;
            }
        }
    }
}

#endif
