/* ../pool_2d.h for MVE: the same arguments, four or sixteen channels at a time. */
#ifndef TINY_NN_MVE_POOL_2D_H
#define TINY_NN_MVE_POOL_2D_H

#include "../pool_2d.h"
#include "mve.h"

#if defined(TINY_MVE)

/* The part of a window that lies in the image: `from` is its first pixel. */
typedef struct {
    const int8_t *from;
    int32_t rows, columns;
} tiny_mve_part_t;

TINY_INNER tiny_mve_part_t tiny_mve_inside(const int8_t *in, int32_t in_h, int32_t in_w,
                                           int32_t channels, int32_t y, int32_t x, int32_t k_h,
                                           int32_t k_w) {
    const int32_t top = y > 0 ? y : 0;
    const int32_t left = x > 0 ? x : 0;
    const int32_t bottom = y + k_h < in_h ? y + k_h : in_h;
    const int32_t right = x + k_w < in_w ? x + k_w : in_w;
    const tiny_mve_part_t part = {in + (top * in_w + left) * channels, bottom - top, right - left};
    return part;
}

#endif

TINY_KERNEL void tiny_mve_average_pool_2d(const int8_t *in, int8_t *out, int16_t in_h, int16_t in_w,
                                          int16_t channels, int16_t out_h, int16_t out_w,
                                          int16_t k_h, int16_t k_w, int16_t stride_h,
                                          int16_t stride_w, int16_t pad_top, int16_t pad_left,
                                          int8_t low, int8_t high) {
#if defined(TINY_MVE)
    for (int32_t y = 0; y < out_h; y++) {
        for (int32_t x = 0; x < out_w; x++) {
            const tiny_mve_part_t part =
                tiny_mve_inside(in, in_h, in_w, channels, y * stride_h - pad_top,
                                x * stride_w - pad_left, k_h, k_w);
            const int32_t count = part.rows * part.columns;
            for (int32_t c = 0; c < channels; c += 4) {
                const mve_pred16_t some = vctp32q((uint32_t)(channels - c));
                const int8_t *row = part.from + c;
                int32x4_t sum = vdupq_n_s32(0);
                for (int32_t i = part.rows; i > 0; i--) {
                    const int8_t *pixel = row;
                    for (int32_t j = part.columns; j > 0; j--) {
                        sum = vaddq_s32(sum, vldrbq_z_s32(pixel, some));
                        pixel += channels;
                    }
                    row += in_w * channels;
                }
                int32_t sums[4];
                vstrwq_s32(sums, sum);
                for (int32_t i = 0; i < 4 && c + i < channels; i++) {
                    const int32_t half = sums[i] > 0 ? count / 2 : -(count / 2);
                    *out++ = (int8_t)tiny_clamp((sums[i] + half) / count, low, high);
                }
            }
        }
    }
#else
    tiny_average_pool_2d(in, out, in_h, in_w, channels, out_h, out_w, k_h, k_w, stride_h, stride_w,
                         pad_top, pad_left, low, high);
#endif
}

TINY_KERNEL void tiny_mve_max_pool_2d(const int8_t *in, int8_t *out, int16_t in_h, int16_t in_w,
                                      int16_t channels, int16_t out_h, int16_t out_w, int16_t k_h,
                                      int16_t k_w, int16_t stride_h, int16_t stride_w,
                                      int16_t pad_top, int16_t pad_left, int8_t low, int8_t high) {
#if defined(TINY_MVE)
    for (int32_t y = 0; y < out_h; y++) {
        for (int32_t x = 0; x < out_w; x++) {
            const tiny_mve_part_t part =
                tiny_mve_inside(in, in_h, in_w, channels, y * stride_h - pad_top,
                                x * stride_w - pad_left, k_h, k_w);
            for (int32_t c = 0; c < channels; c += 16) {
                const mve_pred16_t some = vctp8q((uint32_t)(channels - c));
                const int8_t *row = part.from + c;
                int8x16_t most = vdupq_n_s8(low);
                for (int32_t i = part.rows; i > 0; i--) {
                    const int8_t *pixel = row;
                    for (int32_t j = part.columns; j > 0; j--) {
                        most = vmaxq_s8(most, vldrbq_z_s8(pixel, some));
                        pixel += channels;
                    }
                    row += in_w * channels;
                }
                vstrbq_p_s8(out + c, vminq_s8(most, vdupq_n_s8(high)), some);
            }
            out += channels;
        }
    }
#else
    tiny_max_pool_2d(in, out, in_h, in_w, channels, out_h, out_w, k_h, k_w, stride_h, stride_w,
                     pad_top, pad_left, low, high);
#endif
}

#endif
