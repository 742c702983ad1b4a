/* Average and maximum of int16 over a window, channel by channel; taps outside the image do not
 * count. Layouts [h][w][c]; `rows` rows of out are computed from row `first` on; in_ring rows of in
 * are held (see tiny_ring). */
#ifndef TINY_NN_POOL_2D_16X8_H
#define TINY_NN_POOL_2D_16X8_H

#include "kernel.h"

/* Rounds half away from zero, as TFLite's reference_integer_ops::AveragePool. */
TINY_KERNEL void tiny_average_pool_2d_16x8(const int16_t *in, int16_t *out, int16_t first,
                                           int16_t rows, int16_t in_h, int16_t in_ring,
                                           int16_t in_w, int16_t channels, int16_t out_w,
                                           int16_t k_h, int16_t k_w, int16_t stride_h,
                                           int16_t stride_w, int16_t pad_top, int16_t pad_left,
                                           int16_t low, int16_t high) {
    for (int16_t y = first; y < first + rows; y++) {
        for (int16_t x = 0; x < out_w; x++) {
            for (int16_t c = 0; c < channels; c++) {
                int32_t sum = 0;
                int32_t count = 0;
                for (int16_t ky = 0; ky < k_h; ky++) {
                    const int16_t row = (int16_t)(y * stride_h - pad_top + ky);
                    for (int16_t kx = 0; kx < k_w; kx++) {
                        const int16_t column = (int16_t)(x * stride_w - pad_left + kx);
                        if (row >= 0 && row < in_h && column >= 0 && column < in_w) {
                            const int32_t held = tiny_ring(row, in_ring, in_h);
                            sum += in[(held * in_w + column) * channels + c];
                            count++;
                        }
                    }
                }
                sum += sum > 0 ? count / 2 : -(count / 2);
                *out++ = (int16_t)tiny_clamp(sum / count, low, high);
            }
        }
    }
}

TINY_KERNEL void tiny_max_pool_2d_16x8(const int16_t *in, int16_t *out, int16_t first, int16_t rows,
                                       int16_t in_h, int16_t in_ring, int16_t in_w,
                                       int16_t channels, int16_t out_w, int16_t k_h, int16_t k_w,
                                       int16_t stride_h, int16_t stride_w, int16_t pad_top,
                                       int16_t pad_left, int16_t low, int16_t high) {
    for (int16_t y = first; y < first + rows; y++) {
        for (int16_t x = 0; x < out_w; x++) {
            for (int16_t c = 0; c < channels; c++) {
                int16_t most = INT16_MIN;
                for (int16_t ky = 0; ky < k_h; ky++) {
                    const int16_t row = (int16_t)(y * stride_h - pad_top + ky);
                    for (int16_t kx = 0; kx < k_w; kx++) {
                        const int16_t column = (int16_t)(x * stride_w - pad_left + kx);
                        if (row >= 0 && row < in_h && column >= 0 && column < in_w) {
                            const int32_t held = tiny_ring(row, in_ring, in_h);
                            const int16_t value = in[(held * in_w + column) * channels + c];
                            most = value > most ? value : most;
                        }
                    }
                }
                *out++ = (int16_t)tiny_clamp(most, low, high);
            }
        }
    }
}

#endif
