/* Bilinear interpolation, int16, places in 1/1024 of a pixel.
 * Source: TFLite reference_ops::ResizeBilinearInteger. Layouts [h][w][c]. */
#ifndef TINY_NN_RESIZE_BILINEAR_16X8_H
#define TINY_NN_RESIZE_BILINEAR_16X8_H

#include "resize_bilinear.h"

/* A place is index · step + start. */
TINY_KERNEL void tiny_resize_bilinear_16x8(const int16_t *in, int16_t *out, int16_t batches,
                                           int16_t in_h, int16_t in_w, int16_t channels,
                                           int16_t out_h, int16_t out_w, int32_t step_h,
                                           int32_t start_h, int32_t step_w, int32_t start_w) {
    for (int16_t n = 0; n < batches; n++) {
        for (int16_t y = 0; y < out_h; y++) {
            const tiny_between_t v = tiny_between(y, step_h, start_h, in_h);
            const int16_t *const top = in + (int32_t)v.first * in_w * channels;
            const int16_t *const low = in + (int32_t)v.second * in_w * channels;
            for (int16_t x = 0; x < out_w; x++) {
                const tiny_between_t h = tiny_between(x, step_w, start_w, in_w);
                const int32_t left = (int32_t)h.first * channels;
                const int32_t right = (int32_t)h.second * channels;
                for (int16_t c = 0; c < channels; c++) {
                    const int32_t above = top[left + c] * (int32_t)(1024 - h.share) +
                                          top[right + c] * (int32_t)h.share;
                    const int32_t below = low[left + c] * (int32_t)(1024 - h.share) +
                                          low[right + c] * (int32_t)h.share;
                    const int64_t sum =
                        (int64_t)above * (1024 - v.share) + (int64_t)below * v.share;
                    const int64_t half = sum > 0 ? (int64_t)1 << 19 : -((int64_t)1 << 19);
                    *out++ = (int16_t)((sum + half) / ((int64_t)1 << 20));
                }
            }
        }
        in += (int32_t)in_h * in_w * channels;
    }
}

#endif
