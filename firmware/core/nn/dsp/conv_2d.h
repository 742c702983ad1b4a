/* 2-D convolution, int8, one scale an output channel, on Arm's DSP extension: blocks of three
 * pixels become columns of int16 inputs, which block.h multiplies by all weights.
 *
 * Layouts: in [in_h][in_w][in_c], out [out_h][out_w][channels]; stream as in block.h. Pixels go in
 * ascending order, and a block is read whole before it is written. */
#ifndef TINY_NN_DSP_CONV_2D_H
#define TINY_NN_DSP_CONV_2D_H

#include "block.h"

/* 4·words bytes of each of three pixels into their columns, words >= 1; returns the end. The second
 * and the third pixel lie `second` and `third` bytes after the first. */
static __attribute__((noinline, unused)) uint32_t *
tiny_dsp_spread(const int8_t *from, uint32_t second, uint32_t third, uint32_t words, uint32_t *to) {
    const int8_t *from1 = from + second;
    const int8_t *from2 = from + third;
#if defined(TINY_DSP_ASM)
    register uint32_t a0 __asm__("r3"); /* STM wants them in this order */
    register uint32_t a1 __asm__("r4");
    register uint32_t a2 __asm__("r5");
    register uint32_t b0 __asm__("r6");
    register uint32_t b1 __asm__("r8");
    register uint32_t b2 __asm__("r9");
    __asm__ volatile("1: ldr %[a0], [%[from0]], #4\n\t"
                     "ldr %[a1], [%[from1]], #4\n\t"
                     "ldr %[a2], [%[from2]], #4\n\t"
                     "subs %[n], %[n], #1\n\t"
                     "sxtb16 %[b0], %[a0], ror #8\n\t"
                     "sxtb16 %[b1], %[a1], ror #8\n\t"
                     "sxtb16 %[b2], %[a2], ror #8\n\t"
                     "sxtb16 %[a0], %[a0]\n\t"
                     "sxtb16 %[a1], %[a1]\n\t"
                     "sxtb16 %[a2], %[a2]\n\t"
                     "stm %[to]!, {%[a0], %[a1], %[a2], %[b0], %[b1], %[b2]}\n\t"
                     "bne 1b\n\t"
                     : [from0] "+r"(from), [from1] "+r"(from1), [from2] "+r"(from2),
                       [n] "+r"(words), [to] "+r"(to), [a0] "=&r"(a0), [a1] "=&r"(a1),
                       [a2] "=&r"(a2), [b0] "=&r"(b0), [b1] "=&r"(b1), [b2] "=&r"(b2)
                     :
                     : "cc", "memory");
#else
    for (; words != 0; words--, from += 4, from1 += 4, from2 += 4, to += 6) {
        const uint32_t fours[3] = {tiny_word(from), tiny_word(from1), tiny_word(from2)};
        for (uint32_t p = 0; p < 3; p++) {
            to[p] = tiny_sxtb16(fours[p]);
            to[p + 3] = tiny_sxtb16_odd(fours[p]);
        }
    }
#endif
    return to;
}

/* Each with a block of its own: assembly has no register left to point at another's. */
static __attribute__((noinline, unused)) void
tiny_dsp_block_positive(const int32_t *stream, const tiny_dsp_block_t *block) {
    tiny_dsp_block_t own = *block;
    tiny_dsp_block(stream, &own, TINY_ROUND_TWICE_POSITIVE);
}

static __attribute__((noinline, unused)) void tiny_dsp_block_any(const int32_t *stream,
                                                                 const tiny_dsp_block_t *block) {
    tiny_dsp_block_t own = *block;
    tiny_dsp_block(stream, &own, TINY_ROUND_TWICE);
}

/* n of three pixels from columns to block->out, which moves on to the next pixel. */
static inline __attribute__((always_inline)) void
tiny_dsp_pixels(const int32_t *stream, tiny_dsp_block_t *block, uint32_t n, uint32_t channels,
                tiny_rounding_t rounding, int8_t low, int8_t high) {
    int8_t *out = block->out;
    int8_t *const end = out + channels * n;
    if (n < 3) {
        block->second = n > 1 ? channels : 0;
        block->third = 0;
    }
    block->end = out + channels;
    if (rounding == TINY_ROUND_TWICE_POSITIVE) {
        tiny_dsp_block_positive(stream, block);
    } else {
        tiny_dsp_block_any(stream, block);
    }
    if (low > INT8_MIN || high < INT8_MAX) {
        for (; out != end; out++) {
            *out = (int8_t)tiny_clamp(*out, low, high);
        }
    }
    block->out = end;
}

/* Whole blocks of pixels of `words` words of inputs. */
static inline tiny_dsp_block_t tiny_dsp_blocks(const uint32_t *columns, uint32_t words, int8_t *out,
                                               uint32_t channels, int8_t zero_point) {
    const tiny_dsp_block_t block = {columns,       words - 1u,        out, out, channels,
                                    2u * channels, 2 * zero_point + 1};
    return block;
}

/* 1×1, stride 1: `pixels` pixels of in_c channels. rest is in_c mod 4. scratch: 24·⌈in_c/4⌉
 * bytes. */
TINY_KERNEL void tiny_dsp_pointwise(const int8_t *in, const int32_t TINY_ROM *stream, int8_t *out,
                                    int8_t *scratch, uint32_t pixels, uint16_t in_c,
                                    uint16_t channels, uint16_t rest, tiny_rounding_t rounding,
                                    int8_t zero_point, int8_t low, int8_t high) {
    uint32_t *const columns = (uint32_t *)(void *)scratch;
    const uint32_t words = in_c >> 2;
    tiny_dsp_block_t block = tiny_dsp_blocks(columns, (in_c + 3u) >> 2, out, channels, zero_point);
    while (pixels != 0) {
        const uint32_t n = pixels < 3 ? pixels : 3;
        const uint32_t second = n > 1 ? in_c : 0;
        const uint32_t third = n > 2 ? 2u * in_c : 0;
        uint32_t *to = columns;
        if (rest == 0 || words != 0) {
            to = tiny_dsp_spread(in, second, third, words, to);
        }
        if (rest > 0) {
            int8_t last[12] = {0};
            memcpy(last, in + 4 * words, rest);
            memcpy(last + 4, in + 4 * words + second, rest);
            memcpy(last + 8, in + 4 * words + third, rest);
            (void)tiny_dsp_spread(last, 4, 8, 1, to);
        }
        tiny_dsp_pixels(stream, &block, n, channels, rounding, low, high);
        in += in_c * n;
        pixels -= n;
    }
}

/* The image that windows lie in. */
typedef struct {
    const int8_t *in;
    int16_t in_h, in_ring, in_w, in_c, k_h, k_w, dilation_h;
    int8_t pad;
} tiny_dsp_image_t;

/* The bytes of any window, line after line. */
static inline __attribute__((always_inline)) void
tiny_dsp_window(const tiny_dsp_image_t *image, int32_t top, int32_t left, int8_t *to) {
    const uint32_t line = (uint32_t)(image->k_w * image->in_c);
    const int32_t over = left + image->k_w - image->in_w;
    const int32_t before = left < 0 ? -left : 0;
    const int32_t inside = image->k_w - before - (over > 0 ? over : 0);
    for (int16_t ky = 0; ky < image->k_h; ky++, to += line) {
        const int32_t row = top + ky * image->dilation_h;
        if (row < 0 || row >= image->in_h) {
            memset(to, image->pad, line);
            continue;
        }
        const int32_t held = tiny_ring((int16_t)row, image->in_ring, image->in_h);
        const int8_t *const from = image->in + (held * image->in_w + left + before) * image->in_c;
        if (inside == image->k_w) {
            memcpy(to, from, line);
        } else {
            memset(to, image->pad, line);
            if (inside > 0) {
                memcpy(to + before * image->in_c, from, (uint32_t)(inside * image->in_c));
            }
        }
    }
}

/* Any window without horizontal dilation. A column has first the whole words of each line of the
 * window, then what is left of each line: rest is (k_w·in_c) mod 4. scratch: the columns, 24 bytes
 * for each four inputs; three windows of k = k_h·k_w·in_c bytes, rounded up to whole words; and
 * three times k_h·rest, rounded up likewise. */
TINY_KERNEL void tiny_dsp_conv_2d(const int8_t *in, const int32_t TINY_ROM *stream, int8_t *out,
                                  int8_t *scratch, int16_t first, int16_t rows, int16_t in_h,
                                  int16_t in_ring, int16_t in_w, int16_t in_c, int16_t out_w,
                                  uint16_t channels, int16_t k_h, int16_t k_w, int16_t stride_h,
                                  int16_t stride_w, int16_t dilation_h, int16_t pad_top,
                                  int16_t pad_left, int8_t pad, uint16_t rest,
                                  tiny_rounding_t rounding, int8_t zero_point, int8_t low,
                                  int8_t high) {
    const tiny_dsp_image_t image = {in, in_h, in_ring, in_w, in_c, k_h, k_w, dilation_h, pad};
    uint32_t *const columns = (uint32_t *)(void *)scratch;
    const uint32_t line = (uint32_t)(k_w * in_c);
    const uint32_t rests = ((uint32_t)k_h * rest + 3u) & ~3u; /* of one pixel */
    const uint32_t inputs = (uint32_t)k_h * (line & ~3u) + rests;
    const uint32_t window = ((uint32_t)k_h * line + 3u) & ~3u;
    int8_t *const windows = scratch + 6u * inputs;
    tiny_dsp_block_t block = tiny_dsp_blocks(columns, inputs >> 2, out, channels, zero_point);
    uint32_t pixels = (uint32_t)rows * (uint32_t)out_w;
    int32_t top = first * stride_h - pad_top;
    int32_t left = -pad_left;
    const int32_t end = out_w * stride_w - pad_left;
    while (pixels != 0) {
        const uint32_t n = pixels < 3 ? pixels : 3;
        const bool together = n == 3 && left >= 0 && left + 2 * stride_w + k_w <= in_w &&
                              left + 3 * stride_w <= end && top >= 0 &&
                              top + (k_h - 1) * dilation_h < in_h;
        const int8_t *from = windows;
        uint32_t step = line;
        uint32_t second = window;
        uint32_t third = 2 * window;
        int32_t held = INT16_MIN; /* the row in the ring; windows are in none */
        if (together) {
            held = tiny_ring((int16_t)top, in_ring, in_h);
            from = in + (held * in_w + left) * in_c;
            step = (uint32_t)(dilation_h * in_w * in_c);
            second = (uint32_t)(stride_w * in_c);
            third = 2 * second;
            left += 3 * stride_w;
        }
        for (uint32_t p = 0; p < n; p++) {
            if (!together) {
                tiny_dsp_window(&image, top, left, windows + p * window);
                left += stride_w;
            }
            if (left == end) {
                left = -pad_left;
                top += stride_h;
            }
        }
        uint32_t *to = columns;
        int8_t *last = windows + 3 * window;
        int16_t lines = k_h;
        uint32_t words = line >> 2;
        if (rest == 0 && !together) { /* windows are whole */
            lines = 1;
            words = inputs >> 2;
        }
        for (int16_t ky = 0; ky < lines; ky++) {
            if (rest == 0 || line > 3) {
                to = tiny_dsp_spread(from, second, third, words, to);
            }
            if (rest > 0) {
                memcpy(last, from + (line & ~3u), rest);
                memcpy(last + rests, from + (line & ~3u) + second, rest);
                memcpy(last + 2 * rests, from + (line & ~3u) + third, rest);
                last += rest;
            }
            from += step;
            held += dilation_h;
            if (in_ring != in_h && held >= in_ring) {
                held -= in_ring;
                from -= in_ring * in_w * in_c;
            }
        }
        if (rest > 0) {
            (void)tiny_dsp_spread(windows + 3 * window, rests, 2 * rests, rests >> 2, to);
        }
        tiny_dsp_pixels(stream, &block, n, channels, rounding, low, high);
        pixels -= n;
    }
}

#endif
