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
    for (; (words & 3u) != 0; words--, from += 4, to += 6) {
        const uint32_t four = tiny_word(from);
        to[0] = tiny_sxtb16(four);
        to[3] = tiny_sxtb16_odd(four);
    }
    for (words >>= 2; words != 0; words--, from += 16, to += 24) {
        const uint32_t w0 = tiny_word(from);
        const uint32_t w1 = tiny_word(from + 4);
        const uint32_t w2 = tiny_word(from + 8);
        const uint32_t w3 = tiny_word(from + 12);
        to[0] = tiny_sxtb16(w0);
        to[3] = tiny_sxtb16_odd(w0);
        to[6] = tiny_sxtb16(w1);
        to[9] = tiny_sxtb16_odd(w1);
        to[12] = tiny_sxtb16(w2);
        to[15] = tiny_sxtb16_odd(w2);
        to[18] = tiny_sxtb16(w3);
        to[21] = tiny_sxtb16_odd(w3);
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

/* The image that windows lie in. */
typedef struct {
    const int8_t *in;
    int16_t in_h, in_ring, in_w, in_c, k_h, k_w, dilation_h;
    int8_t pad;
} tiny_dsp_image_t;

/* The line of a window that starts in column `left` of a row. */
static inline const int8_t *tiny_dsp_line(const tiny_dsp_image_t *image, int32_t row,
                                          int32_t left) {
    const int32_t held = tiny_ring((int16_t)row, image->in_ring, image->in_h);
    return image->in + (held * image->in_w + left) * image->in_c;
}

/* The bytes of a window that reaches over the edge, line after line. */
static __attribute__((noinline, unused)) void tiny_dsp_window(tiny_dsp_image_t image, int32_t top,
                                                              int32_t left, int8_t *to) {
    const uint32_t line = (uint32_t)(image.k_w * image.in_c);
    const int32_t over = left + image.k_w - image.in_w;
    const int32_t before = left < 0 ? -left : 0;
    const int32_t inside = image.k_w - before - (over > 0 ? over : 0);
    for (int16_t ky = 0; ky < image.k_h; ky++, to += line) {
        const int32_t row = top + ky * image.dilation_h;
        memset(to, image.pad, line);
        if (row >= 0 && row < image.in_h) {
            memcpy(to + before * image.in_c, tiny_dsp_line(&image, row, left + before),
                   (uint32_t)(inside * image.in_c));
        }
    }
}

/* One pixel's places of the columns: first the whole words of each line of its window, then what
 * is left of each line. rest is (k_w·in_c) mod 4; window is room for the bytes of a window that
 * reaches over the edge, and after that for the lines' rests. */
static inline __attribute__((always_inline)) void tiny_dsp_column(tiny_dsp_image_t image,
                                                                  int32_t top, int32_t left,
                                                                  uint32_t rest, int8_t *window,
                                                                  uint32_t *to) {
    const uint32_t line = (uint32_t)(image.k_w * image.in_c);
    const bool inside = top >= 0 && top + (image.k_h - 1) * image.dilation_h < image.in_h &&
                        left >= 0 && left + image.k_w <= image.in_w;
    int8_t *const rests = window + (((uint32_t)image.k_h * line + 3u) & ~3u);
    int8_t *last = rests;
    const int8_t *from = window;
    int32_t row = tiny_ring((int16_t)top, image.in_ring, image.in_h);
    if (inside) {
        from = tiny_dsp_line(&image, top, left);
    } else {
        tiny_dsp_window(image, top, left, window);
    }
    for (int16_t ky = 0; ky < image.k_h; ky++) {
        to = tiny_dsp_spread(from, line >> 2, to);
        if (rest > 0) {
            memcpy(last, from + (line & ~3u), rest);
            last += rest;
        }
        if (inside) {
            from += image.dilation_h * image.in_w * image.in_c;
            row += image.dilation_h;
            if (row >= image.in_ring) { /* round the ring */
                row -= image.in_ring;
                from -= image.in_ring * image.in_w * image.in_c;
            }
        } else {
            from += line;
        }
    }
    if (rest > 0) {
        (void)tiny_dsp_spread(rests, ((uint32_t)image.k_h * rest + 3u) >> 2, to);
    }
}

/* Any window without horizontal dilation; weights have the order of tiny_dsp_column. scratch: the
 * columns, 24 bytes for each four inputs; the k = k_h·k_w·in_c bytes of a window, and k_h·rest
 * more, both rounded up to whole words. */
TINY_KERNEL void tiny_dsp_conv_2d(const int8_t *in, const int32_t TINY_ROM *stream, int8_t *out,
                                  int8_t *scratch, int16_t first, int16_t rows, int16_t in_h,
                                  int16_t in_ring, int16_t in_w, int16_t in_c, int16_t out_w,
                                  uint16_t channels, int16_t k_h, int16_t k_w, int16_t stride_h,
                                  int16_t stride_w, int16_t dilation_h, int16_t pad_top,
                                  int16_t pad_left, int8_t pad, uint16_t rest,
                                  tiny_rounding_t rounding, int8_t zero_point, int8_t low,
                                  int8_t high) {
    uint32_t *const columns = (uint32_t *)(void *)scratch;
    const uint32_t whole = (uint32_t)(k_w * in_c) >> 2;
    const uint32_t words = (uint32_t)k_h * whole + (((uint32_t)k_h * rest + 3u) >> 2);
    int8_t *const window = scratch + 24u * words;
    const tiny_dsp_image_t image = {in, in_h, in_ring, in_w, in_c, k_h, k_w, dilation_h, pad};
    uint32_t n = 0;
    for (int16_t y = first; y < first + rows; y++) {
        const int32_t top = y * stride_h - pad_top;
        int32_t left = -pad_left;
        for (int16_t x = 0; x < out_w; x++, left += stride_w) {
            tiny_dsp_column(image, top, left, rest, window, columns + n);
            n++;
            if (n == 3) {
                out = tiny_dsp_pixels(stream, columns, out, n, 4u * words, channels, rounding,
                                      zero_point, low, high);
                n = 0;
            }
        }
    }
    if (n != 0) {
        (void)tiny_dsp_pixels(stream, columns, out, n, 4u * words, channels, rounding, zero_point,
                              low, high);
    }
}

#endif
