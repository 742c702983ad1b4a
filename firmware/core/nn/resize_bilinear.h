/* Bilinear interpolation, int8, places in 1/1024 of a pixel.
 * Source: TFLite reference_ops::ResizeBilinearInteger. Layouts [h][w][c]. */
#ifndef TINY_NN_RESIZE_BILINEAR_H
#define TINY_NN_RESIZE_BILINEAR_H

#include "kernel.h"

/* Two neighbours of a place, and how much of the second. */
typedef struct {
    int16_t first;
    int16_t second;
    int16_t share;
} tiny_between_t;

static inline tiny_between_t tiny_between(int16_t place, int32_t step, int32_t start,
                                          int16_t size) {
    const int32_t at = place * step + start;
    const int32_t below = at / 1024;
    const int32_t above = (at + 1023) / 1024;
    tiny_between_t result;
    result.first = (int16_t)(below > 0 ? below : 0);
    result.second = (int16_t)(above < size - 1 ? above : size - 1);
    result.share = (int16_t)(at - (int32_t)1024 * result.first);
    return result;
}

/* A place is index · step + start. */
TINY_KERNEL void tiny_resize_bilinear(const int8_t *in, int8_t *out, int16_t batches, int16_t in_h,
                                      int16_t in_w, int16_t channels, int16_t out_h, int16_t out_w,
                                      int32_t step_h, int32_t start_h, int32_t step_w,
                                      int32_t start_w) {
    for (int16_t n = 0; n < batches; n++) {
        for (int16_t y = 0; y < out_h; y++) {
            const tiny_between_t v = tiny_between(y, step_h, start_h, in_h);
            const int8_t *const top = in + (int32_t)v.first * in_w * channels;
            const int8_t *const low = in + (int32_t)v.second * in_w * channels;
            for (int16_t x = 0; x < out_w; x++) {
                const tiny_between_t h = tiny_between(x, step_w, start_w, in_w);
                const int32_t left = (int32_t)h.first * channels;
                const int32_t right = (int32_t)h.second * channels;
                for (int16_t c = 0; c < channels; c++) {
                    const int32_t above = top[left + c] * (int32_t)(1024 - h.share) +
                                          top[right + c] * (int32_t)h.share;
                    const int32_t below = low[left + c] * (int32_t)(1024 - h.share) +
                                          low[right + c] * (int32_t)h.share;
                    const int32_t sum = above * (1024 - v.share) + below * v.share;
                    const int32_t half = sum > 0 ? (int32_t)1 << 19 : -((int32_t)1 << 19);
                    *out++ = (int8_t)((sum + half) / ((int32_t)1 << 20));
                }
            }
        }
        in += (int32_t)in_h * in_w * channels;
    }
}

#endif
