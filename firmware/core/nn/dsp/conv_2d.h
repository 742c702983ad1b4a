/* 2-D convolution, int8, one scale an output channel, on Arm's DSP extension: blocks of three
 * pixels become columns of int16 inputs, which block.h multiplies by all weights.
 *
 * Layouts: in [in_h][in_w][in_c], out [out_h][out_w][channels]; stream as in block.h. Pixels go in
 * ascending order, and a block is read whole before it is written. */
#ifndef TINY_NN_DSP_CONV_2D_H
#define TINY_NN_DSP_CONV_2D_H

#include "block.h"

/* 4·words bytes into one pixel's places of the columns; returns the end. */
static __attribute__((noinline, unused)) uint32_t *tiny_dsp_spread(const int8_t *from,
                                                                   uint32_t words, uint32_t *to) {
    if ((words & 1u) != 0) {
        const uint32_t four = tiny_word(from);
        to[0] = tiny_sxtb16(four);
        to[3] = tiny_sxtb16_odd(four);
        from += 4;
        to += 6;
    }
    for (words >>= 1; words != 0; words--) {
        const uint32_t four = tiny_word(from);
        const uint32_t next = tiny_word(from + 4);
        to[0] = tiny_sxtb16(four);
        to[3] = tiny_sxtb16_odd(four);
        to[6] = tiny_sxtb16(next);
        to[9] = tiny_sxtb16_odd(next);
        from += 8;
        to += 12;
    }
    return to;
}

/* The same of `bytes` bytes, of which the last word may have fewer than four. */
static inline __attribute__((always_inline)) void
tiny_dsp_spread_bytes(const int8_t *from, uint32_t bytes, uint32_t *to) {
    to = tiny_dsp_spread(from, bytes >> 2, to);
    if ((bytes & 3u) != 0) {
        int8_t last[4] = {0, 0, 0, 0};
        memcpy(last, from + (bytes & ~3u), bytes & 3u);
        (void)tiny_dsp_spread(last, 1, to);
    }
}

static __attribute__((noinline, unused)) void
tiny_dsp_block_positive(const int32_t *stream, const uint32_t *x, int8_t *out, uint32_t n,
                        uint32_t steps, uint32_t channels, int32_t zero_twice) {
    tiny_dsp_block_t block = {x, steps, out, out + channels, 0, 0, zero_twice};
    block.second = n > 1 ? channels : 0;
    block.third = n > 2 ? 2 * channels : 0;
    tiny_dsp_block(stream, &block, TINY_ROUND_TWICE_POSITIVE);
}

static __attribute__((noinline, unused)) void
tiny_dsp_block_any(const int32_t *stream, const uint32_t *x, int8_t *out, uint32_t n,
                   uint32_t steps, uint32_t channels, int32_t zero_twice) {
    tiny_dsp_block_t block = {x, steps, out, out + channels, 0, 0, zero_twice};
    block.second = n > 1 ? channels : 0;
    block.third = n > 2 ? 2 * channels : 0;
    tiny_dsp_block(stream, &block, TINY_ROUND_TWICE);
}

/* n of three pixels from columns to out; the end of out. */
static inline __attribute__((always_inline)) int8_t *
tiny_dsp_pixels(const int32_t *stream, const uint32_t *x, int8_t *out, uint32_t n, uint32_t inputs,
                uint32_t channels, tiny_rounding_t rounding, int8_t zero_point, int8_t low,
                int8_t high) {
    const uint32_t steps = (inputs + 3u) >> 2;
    if (rounding == TINY_ROUND_TWICE_POSITIVE) {
        tiny_dsp_block_positive(stream, x, out, n, steps, channels, 2 * zero_point + 1);
    } else {
        tiny_dsp_block_any(stream, x, out, n, steps, channels, 2 * zero_point + 1);
    }
    int8_t *const end = out + channels * n;
    if (low > INT8_MIN || high < INT8_MAX) {
        for (; out != end; out++) {
            *out = (int8_t)tiny_clamp(*out, low, high);
        }
    }
    return end;
}

/* 1×1, stride 1: `pixels` pixels of in_c channels. scratch: 24·⌈in_c/4⌉ bytes. */
TINY_KERNEL void tiny_dsp_pointwise(const int8_t *in, const int32_t TINY_ROM *stream, int8_t *out,
                                    int8_t *scratch, uint32_t pixels, uint16_t in_c,
                                    uint16_t channels, tiny_rounding_t rounding, int8_t zero_point,
                                    int8_t low, int8_t high) {
    uint32_t *const x = (uint32_t *)(void *)scratch;
    while (pixels != 0) {
        const uint32_t n = pixels < 3 ? pixels : 3;
        for (uint32_t p = 0; p < n; p++) {
            tiny_dsp_spread_bytes(in, in_c, x + p);
            in += in_c;
        }
        out = tiny_dsp_pixels(stream, x, out, n, in_c, channels, rounding, zero_point, low, high);
        pixels -= n;
    }
}

/* Any window without horizontal dilation: first each pixel's window as bytes, then as a column.
 * scratch: 24·⌈k/4⌉ bytes and k bytes for a window of k inputs. */
TINY_KERNEL void tiny_dsp_conv_2d(const int8_t *in, const int32_t TINY_ROM *stream, int8_t *out,
                                  int8_t *scratch, int16_t first, int16_t rows, int16_t in_h,
                                  int16_t in_ring, int16_t in_w, int16_t in_c, int16_t out_w,
                                  uint16_t channels, int16_t k_h, int16_t k_w, int16_t stride_h,
                                  int16_t stride_w, int16_t dilation_h, int16_t pad_top,
                                  int16_t pad_left, int8_t pad, tiny_rounding_t rounding,
                                  int8_t zero_point, int8_t low, int8_t high) {
    uint32_t *const columns = (uint32_t *)(void *)scratch;
    const uint32_t inputs = (uint32_t)(k_h * k_w * in_c);
    const uint32_t line = (uint32_t)(k_w * in_c);
    int8_t *const window = scratch + 24u * ((inputs + 3u) >> 2);
    uint32_t n = 0;
    for (int16_t y = first; y < first + rows; y++) {
        for (int16_t x = 0; x < out_w; x++) {
            const int32_t left = x * stride_w - pad_left;
            const int32_t before = left < 0 ? -left : 0;
            const int32_t over = left + k_w - in_w;
            const int32_t after = over > 0 ? over : 0;
            int8_t *to = window;
            for (int16_t ky = 0; ky < k_h; ky++) {
                const int16_t row = (int16_t)(y * stride_h - pad_top + ky * dilation_h);
                if (row < 0 || row >= in_h) {
                    memset(to, pad, line);
                } else {
                    const int8_t *const from =
                        in + (tiny_ring(row, in_ring, in_h) * in_w + left + before) * in_c;
                    const uint32_t inside = (uint32_t)((k_w - before - after) * in_c);
                    if (inside != line) {
                        memset(to, pad, line);
                    }
                    memcpy(to + before * in_c, from, inside);
                }
                to += line;
            }
            tiny_dsp_spread_bytes(window, inputs, columns + n);
            n++;
            if (n == 3) {
                out = tiny_dsp_pixels(stream, columns, out, n, inputs, channels, rounding,
                                      zero_point, low, high);
                n = 0;
            }
        }
    }
    if (n != 0) {
        (void)tiny_dsp_pixels(stream, columns, out, n, inputs, channels, rounding, zero_point, low,
                              high);
    }
}

#endif
