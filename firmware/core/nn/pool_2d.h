/* Average and maximum over a window, channel by channel; taps outside the image do not count.
 * Layouts [h][w][c]. */
#ifndef TINY_NN_POOL_2D_H
#define TINY_NN_POOL_2D_H

#include "kernel.h"

/* Rounds half away from zero, as TFLite's reference_integer_ops::AveragePool. */
TINY_KERNEL void tiny_average_pool_2d(const int8_t *in, int8_t *out, int16_t in_h, int16_t in_w,
                                      int16_t channels, int16_t out_h, int16_t out_w, int16_t k_h,
                                      int16_t k_w, int16_t stride_h, int16_t stride_w,
                                      int16_t pad_top, int16_t pad_left, int8_t low, int8_t high) {
    for (int16_t y = 0; y < out_h; y++) {
        for (int16_t x = 0; x < out_w; x++) {
            for (int16_t c = 0; c < channels; c++) {
                int32_t sum = 0;
                int32_t count = 0;
                for (int16_t ky = 0; ky < k_h; ky++) {
                    const int16_t row = (int16_t)(y * stride_h - pad_top + ky);
                    for (int16_t kx = 0; kx < k_w; kx++) {
                        const int16_t column = (int16_t)(x * stride_w - pad_left + kx);
                        if (row >= 0 && row < in_h && column >= 0 && column < in_w) {
                            sum += in[((int32_t)row * in_w + column) * channels + c];
                            count++;
                        }
                    }
                }
                sum += sum > 0 ? count / 2 : -(count / 2);
                *out++ = (int8_t)tiny_clamp(sum / count, low, high);
            }
        }
    }
}

TINY_KERNEL void tiny_max_pool_2d(const int8_t *in, int8_t *out, int16_t in_h, int16_t in_w,
                                  int16_t channels, int16_t out_h, int16_t out_w, int16_t k_h,
                                  int16_t k_w, int16_t stride_h, int16_t stride_w, int16_t pad_top,
                                  int16_t pad_left, int8_t low, int8_t high) {
    for (int16_t y = 0; y < out_h; y++) {
        for (int16_t x = 0; x < out_w; x++) {
            for (int16_t c = 0; c < channels; c++) {
                int8_t most = INT8_MIN;
                for (int16_t ky = 0; ky < k_h; ky++) {
                    const int16_t row = (int16_t)(y * stride_h - pad_top + ky);
                    for (int16_t kx = 0; kx < k_w; kx++) {
                        const int16_t column = (int16_t)(x * stride_w - pad_left + kx);
                        if (row >= 0 && row < in_h && column >= 0 && column < in_w) {
                            const int8_t value = in[((int32_t)row * in_w + column) * channels + c];
                            most = value > most ? value : most;
                        }
                    }
                }
                *out++ = (int8_t)tiny_clamp(most, low, high);
            }
        }
    }
}

#endif
