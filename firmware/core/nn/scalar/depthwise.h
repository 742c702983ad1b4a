/* Depthwise 2-D convolution, int8, multiplier 1, several neighbouring outputs at once.
 *
 * Layouts, first, rows, in_ring and pad as in ../depthwise_conv_2d.h; no dilation. Each input row
 * is copied once into a ring of k_h rows, padded and channel by channel, so that what an output
 * sees lies side by side; therefore the output may lie over the input. lines: room for
 * in_c·k_h·pitch bytes, pitch = (out_w − 1)·stride_w + k_w. weights: [in_c][k_h][k_w]. channels:
 * the first four numbers of tile.h. */
#ifndef TINY_NN_SCALAR_DEPTHWISE_H
#define TINY_NN_SCALAR_DEPTHWISE_H

#include <string.h>

#include "tile.h"

#define TINY_LINES_MOST 12

/* `count` outputs side by side of one channel. lines: the k_h rows that they see. */
TINY_INNER void tiny_depthwise_block(const int8_t *const *lines, int32_t at, const int8_t *weights,
                                     const int32_t *channel, int8_t *out, int16_t out_c,
                                     int8_t count, int16_t k_h, int16_t k_w, int16_t stride_w,
                                     bool twice, int32_t low, int32_t high) {
    const int32_t bias = channel[0];
    int32_t sum0 = bias;
    int32_t sum1 = bias;
    int32_t sum2 = bias;
    int32_t sum3 = bias;
    for (int16_t ky = 0; ky < k_h; ky++) {
        const int8_t *line = lines[ky] + at;
#if defined(__GNUC__)
#pragma GCC unroll 3
#endif
        for (int16_t kx = 0; kx < k_w; kx++) {
            const int32_t weight = *weights++;
            sum0 += weight * line[0];
            if (count > 1) {
                sum1 += weight * line[stride_w];
            }
            if (count > 2) {
                sum2 += weight * line[2 * stride_w];
            }
            if (count > 3) {
                sum3 += weight * line[3 * stride_w];
            }
            line++;
        }
    }
    const int32_t mult = channel[1];
    const int32_t added = channel[2];
    const int32_t down = channel[3];
    *out = tiny_scalar_output(sum0, mult, added, down, twice, low, high);
    if (count > 1) {
        out += out_c;
        *out = tiny_scalar_output(sum1, mult, added, down, twice, low, high);
    }
    if (count > 2) {
        out += out_c;
        *out = tiny_scalar_output(sum2, mult, added, down, twice, low, high);
    }
    if (count > 3) {
        out += out_c;
        *out = tiny_scalar_output(sum3, mult, added, down, twice, low, high);
    }
}

/* One input row, channel by channel; row NULL lies outside the image. */
TINY_INNER void tiny_depthwise_line(const int8_t *row, int8_t *line, int16_t in_w, int16_t in_c,
                                    int16_t pitch, int16_t step, int16_t pad_left, int8_t pad) {
    const int16_t inside = (int16_t)(in_w < pitch - pad_left ? in_w : pitch - pad_left);
    const int16_t after = (int16_t)(pitch - pad_left - inside);
    for (int16_t c = 0; c < in_c; c++) {
        int8_t *to = line;
        line += step;
        if (row == NULL) {
            memset(to, pad, (size_t)pitch);
            continue;
        }
        for (int16_t i = 0; i < pad_left; i++) {
            *to++ = pad;
        }
        const int8_t *from = row + c;
        const int8_t *const end = to + inside;
        for (const int8_t *const fours = end - (inside & 3); to != fours; to += 4) {
            to[0] = from[0];
            from += in_c;
            to[1] = from[0];
            from += in_c;
            to[2] = from[0];
            from += in_c;
            to[3] = from[0];
            from += in_c;
        }
        while (to != end) {
            *to++ = *from;
            from += in_c;
        }
        for (int16_t i = 0; i < after; i++) {
            *to++ = pad;
        }
    }
}

TINY_KERNEL void tiny_scalar_depthwise(const int8_t *in, const int8_t *weights,
                                       const int32_t *channels, int8_t *out, int8_t *lines,
                                       int16_t first, int16_t rows, int16_t in_h, int16_t in_ring,
                                       int16_t in_w, int16_t in_c, int16_t out_w, int16_t k_h,
                                       int16_t k_w, int16_t stride_h, int16_t stride_w,
                                       int16_t pad_top, int16_t pad_left, int8_t pad,
                                       tiny_rounding_t rounding, int8_t low, int8_t high) {
    const bool twice = rounding == TINY_ROUND_TWICE;
    const int16_t pitch = (int16_t)((out_w - 1) * stride_w + k_w);
    const int16_t step = (int16_t)(k_h * pitch);
    int16_t next = (int16_t)(first * stride_h); /* the next input row, counted from −pad_top */
    for (int16_t y = first; y < first + rows; y++) {
        const int8_t *seen[TINY_LINES_MOST];
        for (int16_t ky = 0; ky < k_h; ky++) {
            const int16_t padded = (int16_t)(y * stride_h + ky);
            int8_t *const line = lines + padded % k_h * pitch;
            if (padded >= next) {
                const int16_t row = (int16_t)(padded - pad_top);
                const bool inside = row >= 0 && row < in_h;
                const int32_t held = inside ? tiny_ring(row, in_ring, in_h) : 0;
                tiny_depthwise_line(inside ? in + held * in_w * in_c : NULL, line, in_w, in_c,
                                    pitch, step, pad_left, pad);
                next = (int16_t)(padded + 1);
            }
            seen[ky] = line;
        }
        const int8_t *weight = weights;
        const int32_t *channel = channels;
        for (int16_t c = 0; c < in_c; c++) {
            int8_t *pixel = out + c;
            int32_t at = (int32_t)c * step;
            int16_t left = out_w;
            for (; left >= 4; left = (int16_t)(left - 4)) {
                tiny_depthwise_block(seen, at, weight, channel, pixel, in_c, 4, k_h, k_w, stride_w,
                                     twice, low, high);
                pixel += 4 * in_c;
                at += 4 * stride_w;
            }
            if (left == 3) {
                tiny_depthwise_block(seen, at, weight, channel, pixel, in_c, 3, k_h, k_w, stride_w,
                                     twice, low, high);
            } else if (left == 2) {
                tiny_depthwise_block(seen, at, weight, channel, pixel, in_c, 2, k_h, k_w, stride_w,
                                     twice, low, high);
            } else if (left == 1) {
                tiny_depthwise_block(seen, at, weight, channel, pixel, in_c, 1, k_h, k_w, stride_w,
                                     twice, low, high);
            }
            weight += k_h * k_w;
            channel += 4;
        }
        out += (int32_t)out_w * in_c;
    }
}

#endif
