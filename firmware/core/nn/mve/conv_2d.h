/* 2-D convolution for MVE: three pixels are copied together as columns of a matrix, which is
 * multiplied with two output channels at a time, sixteen products an instruction (VMLADAVA).
 *
 * Layouts: in, out as ../conv_2d.h. K = k_h·k_w·in_c products of one output are `blocks` blocks of
 * 16, the last filled up with zero weights. weights: for every four channels the pairs (0, 2) and
 * (1, 3), as that is how two sums enter a vector; of a pair, 16 weights of one channel, 16 of the
 * other, and so on; after the two pairs the biases, multipliers and shifts of the four, in order.
 * few: `blocks` if that is one or two, else 0. scratch: 48·blocks bytes, and 16·blocks more if
 * neither few nor pointwise and in_c is no multiple of 16. */
#ifndef TINY_NN_MVE_CONV_2D_H
#define TINY_NN_MVE_CONV_2D_H

#include <string.h>

#include "mve.h"

#if defined(TINY_MVE)

/* n bytes, copied or all of one value, in pieces of 16 that lie `step` apart at `to`. */
#define TINY_MVE_PIECES(load, step)                                                                \
    "wlstp.8 lr, %[n], 2f\n"                                                                       \
    "1:\n" load "vstrb.8 q0, [%[to]], #" step "\n"                                                 \
    "letp lr, 1b\n"                                                                                \
    "2:\n"
TINY_INNER int8_t *tiny_mve_copy(int8_t *to, const int8_t *from, int32_t n, bool spread) {
    int8_t *const end = to + n;
    if (spread) {
        __asm__ volatile(TINY_MVE_PIECES("vldrb.8 q0, [%[from]], #16\n", "48")
                         : [to] "+r"(to), [from] "+r"(from)
                         : [n] "r"(n)
                         : "lr", "q0", "memory");
        return to;
    }
    __asm__ volatile(TINY_MVE_PIECES("vldrb.8 q0, [%[from]], #16\n", "16")
                     : [to] "+r"(to), [from] "+r"(from)
                     : [n] "r"(n)
                     : "lr", "q0", "memory");
    return end;
}

TINY_INNER int8_t *tiny_mve_fill(int8_t *to, int32_t value, int32_t n, bool spread) {
    int8_t *const end = to + n;
    if (spread) {
        __asm__ volatile("vdup.8 q0, %[value]\n" TINY_MVE_PIECES("", "48")
                         : [to] "+r"(to)
                         : [value] "r"(value), [n] "r"(n)
                         : "lr", "q0", "memory");
        return to;
    }
    __asm__ volatile("vdup.8 q0, %[value]\n" TINY_MVE_PIECES("", "16")
                     : [to] "+r"(to)
                     : [value] "r"(value), [n] "r"(n)
                     : "lr", "q0", "memory");
    return end;
}

/* What a pixel's window is cut from. */
typedef struct {
    const int8_t *in;
    int16_t in_h, in_ring, in_w, in_c, k_h, k_w, dilation_h;
    int8_t pad;
} tiny_mve_image_t;

/* The taps of the window whose first is (y, x), one after another from `to` on. */
TINY_INNER void tiny_mve_window(const tiny_mve_image_t *image, int32_t y, int32_t x, int8_t *to,
                                bool spread) {
    const int32_t in_c = image->in_c;
    const int32_t before = x < 0 ? (-x < image->k_w ? -x : image->k_w) : 0;
    const int32_t over = x + image->k_w - image->in_w;
    const int32_t after = over > 0 ? (over < image->k_w ? over : image->k_w) : 0;
    const int32_t middle = image->k_w - before - after;
    for (int32_t ky = 0; ky < image->k_h; ky++) {
        const int32_t row = y + ky * image->dilation_h;
        if (row < 0 || row >= image->in_h) {
            to = tiny_mve_fill(to, image->pad, image->k_w * in_c, spread);
            continue;
        }
        const int32_t held = tiny_ring((int16_t)row, image->in_ring, image->in_h);
        const int8_t *const from = image->in + (held * image->in_w + x + before) * in_c;
        if (before > 0) {
            to = tiny_mve_fill(to, image->pad, before * in_c, spread);
        }
        to = tiny_mve_copy(to, from, middle * in_c, spread);
        if (after > 0) {
            to = tiny_mve_fill(to, image->pad, after * in_c, spread);
        }
    }
}

/* The same for three pixels of one row whose windows begin `next` bytes apart, none of them beside
 * the image. */
TINY_INNER void tiny_mve_three_windows(const tiny_mve_image_t *image, int32_t y, int32_t x,
                                       int32_t next, int8_t *to, int32_t apart, bool spread) {
    const int32_t run = image->k_w * image->in_c;
    for (int32_t ky = 0; ky < image->k_h; ky++) {
        const int32_t row = y + ky * image->dilation_h;
        if (row < 0 || row >= image->in_h) {
            (void)tiny_mve_fill(to + 2 * apart, image->pad, run, spread);
            (void)tiny_mve_fill(to + apart, image->pad, run, spread);
            to = tiny_mve_fill(to, image->pad, run, spread);
            continue;
        }
        const int32_t held = tiny_ring((int16_t)row, image->in_ring, image->in_h);
        const int8_t *const from = image->in + (held * image->in_w + x) * image->in_c;
        (void)tiny_mve_copy(to + 2 * apart, from + 2 * next, run, spread);
        (void)tiny_mve_copy(to + apart, from + next, run, spread);
        to = tiny_mve_copy(to, from, run, spread);
    }
}

/* One block of 16 products for two channels and three pixels: sums in r0, r2, …, r10. */
#define TINY_MVE_BLOCK(mac)                                                                        \
    "vldrb.8 q0, [%[w]], #16\n"                                                                    \
    "vldrb.8 q1, [%[w]], #16\n"                                                                    \
    "vldrb.8 q2, [%[a]], #16\n" mac " r0, q0, q2\n" mac " r2, q1, q2\n"                            \
    "vldrb.8 q2, [%[a]], #16\n" mac " r4, q0, q2\n" mac " r6, q1, q2\n"                            \
    "vldrb.8 q2, [%[a]], #16\n" mac " r8, q0, q2\n" mac " r10, q1, q2\n"
#define TINY_MVE_LANES(high, low)                                                                  \
    "vmov %q[x0][" high "], %q[x0][" low "], r0, r2\n"                                             \
    "vmov %q[x1][" high "], %q[x1][" low "], r4, r6\n"                                             \
    "vmov %q[x2][" high "], %q[x2][" low "], r8, r10\n"
#define TINY_MVE_PAIR(high, low)                                                                   \
    "mov %[a], %[columns]\n"                                                                       \
    "dls lr, %[more]\n" TINY_MVE_BLOCK("vmladav.s8") "1:\n" TINY_MVE_BLOCK(                        \
        "vmladava.s8") "le lr, 1b\n" TINY_MVE_LANES(high, low)

/* The same with `blocks` no more than two: of pixel p block b lies at the given place. */
#define TINY_MVE_FIRST(mac, b0, b1, b2)                                                            \
    "vldrb.8 q0, [%[w]], #16\n"                                                                    \
    "vldrb.8 q1, [%[w]], #16\n"                                                                    \
    "vldrb.8 q2, [%[columns], #" b0 "]\n" mac " r0, q0, q2\n" mac " r2, q1, q2\n"                  \
    "vldrb.8 q2, [%[columns], #" b1 "]\n" mac " r4, q0, q2\n" mac " r6, q1, q2\n"                  \
    "vldrb.8 q2, [%[columns], #" b2 "]\n" mac " r8, q0, q2\n" mac " r10, q1, q2\n"
#define TINY_MVE_ONE(high, low)                                                                    \
    TINY_MVE_FIRST("vmladav.s8", "0", "16", "32") TINY_MVE_LANES(high, low)
#define TINY_MVE_TWO(high, low)                                                                    \
    TINY_MVE_FIRST("vmladav.s8", "0", "32", "64")                                                  \
    TINY_MVE_FIRST("vmladava.s8", "16", "48", "80") TINY_MVE_LANES(high, low)
#define TINY_MVE_SUMS(code)                                                                        \
    __asm__ volatile(code                                                                          \
                     : [w] "+r"(w), [x0] "=&w"(x0), [x1] "=&w"(x1), [x2] "=&w"(x2)                 \
                     : [columns] "r"(columns)                                                      \
                     : "r0", "r2", "r4", "r6", "r8", "r10", "q0", "q1", "q2", "memory")

/* The outputs of four channels for three pixels. */
TINY_INNER const int8_t *tiny_mve_quad(const int8_t *w, const int8_t *columns, uint32_t blocks,
                                       int8_t *out0, int8_t *out1, int8_t *out2, uint8_t scaling,
                                       int8_t zero_point, int32x4_t low, int32x4_t high) {
    int32x4_t x0;
    int32x4_t x1;
    int32x4_t x2;
    if (blocks == 1u) {
        TINY_MVE_SUMS(TINY_MVE_ONE("2", "0") TINY_MVE_ONE("3", "1"));
    } else if (blocks == 2u) {
        TINY_MVE_SUMS(TINY_MVE_TWO("2", "0") TINY_MVE_TWO("3", "1"));
    } else {
        const int8_t *a;
        __asm__ volatile(TINY_MVE_PAIR("2", "0") TINY_MVE_PAIR("3", "1")
                         : [w] "+r"(w), [a] "=&r"(a), [x0] "=&w"(x0), [x1] "=&w"(x1), [x2] "=&w"(x2)
                         : [columns] "r"(columns), [more] "r"(blocks - 1u)
                         : "r0", "r2", "r4", "r6", "r8", "r10", "lr", "q0", "q1", "q2", "memory");
    }
    int32x4_t bias = vldrwq_s32((const int32_t *)(const void *)w);
    const int32x4_t mult = vldrwq_s32((const int32_t *)(const void *)(w + 16));
    const int32x4_t shift = vldrbq_s32(w + 32);
    x0 = tiny_mve_scale(vaddq_s32(x0, bias), mult, shift, scaling);
    x1 = tiny_mve_scale(vaddq_s32(x1, bias), mult, shift, scaling);
    x2 = tiny_mve_scale(vaddq_s32(x2, bias), mult, shift, scaling);
    /* Pixels that do not exist are written first, to the place of the first that does. */
    vstrbq_s32(out2, vminq_s32(vmaxq_s32(vaddq_n_s32(x2, zero_point), low), high));
    vstrbq_s32(out1, vminq_s32(vmaxq_s32(vaddq_n_s32(x1, zero_point), low), high));
    vstrbq_s32(out0, vminq_s32(vmaxq_s32(vaddq_n_s32(x0, zero_point), low), high));
    return w + 36;
}

#endif

TINY_KERNEL void tiny_mve_conv_2d(const int8_t *in, const int8_t TINY_ROM *weights, int8_t *out,
                                  int8_t *scratch, int16_t first, int16_t rows, int16_t in_h,
                                  int16_t in_ring, int16_t in_w, int16_t in_c, int16_t out_w,
                                  int16_t out_c, int16_t k_h, int16_t k_w, int16_t stride_h,
                                  int16_t stride_w, int16_t dilation_h, int16_t pad_top,
                                  int16_t pad_left, int8_t pad, uint8_t few, uint8_t scaling,
                                  int8_t zero_point, int8_t low, int8_t high) {
#if defined(TINY_MVE)
    const tiny_mve_image_t image = {in, in_h, in_ring, in_w, in_c, k_h, k_w, dilation_h, pad};
    /* One and two blocks are known where calls share this function; of more only that. */
    const uint32_t blocks = few != 0 ? few : (uint32_t)(k_h * k_w * in_c + 15) / 16u;
    const bool pointwise = k_h == 1 && k_w == 1 && stride_h == 1 && stride_w == 1 && pad_top == 0 &&
                           pad_left == 0 && in_w == out_w;
    /* Pixels of one or two blocks lie one after another, of more block by block; a window of other
     * than whole blocks is first put together elsewhere. */
    const bool direct = few != 0 || in_c % 16 == 0;
    const int32_t apart = few != 0 ? 16 * few : 16;
    const int32x4_t least = vdupq_n_s32(low);
    const int32x4_t most = vdupq_n_s32(high);
    int32_t left = rows * out_w;
    const int8_t *pixel = in + tiny_ring(first, in_ring, in_h) * in_w * in_c;
    int32_t y = first * stride_h - pad_top;
    int32_t x = -pad_left;
    int32_t column = out_w;
    while (left > 0) {
        const int32_t pixels = left < 3 ? left : 3;
        if (pointwise) {
            for (int32_t p = 0; p < pixels; p++) {
                (void)tiny_mve_copy(scratch + apart * p, pixel, in_c, few == 0);
                pixel += in_c;
            }
        } else if (direct && column > 3 && x >= 0 && x + 2 * stride_w + k_w <= in_w) {
            tiny_mve_three_windows(&image, y, x, stride_w * in_c, scratch, apart, few == 0);
            x += 3 * stride_w;
            column -= 3;
        } else {
            for (int32_t p = 0; p < pixels; p++) {
                if (direct) {
                    tiny_mve_window(&image, y, x, scratch + apart * p, few == 0);
                } else {
                    int8_t *const line = scratch + 48u * blocks;
                    tiny_mve_window(&image, y, x, line, false);
                    (void)tiny_mve_copy(scratch + 16 * p, line, (int32_t)(16u * blocks), true);
                }
                x += stride_w;
                if (--column == 0) {
                    column = out_w;
                    x = -pad_left;
                    y += stride_h;
                }
            }
        }
        const int8_t *w = weights;
        int8_t *to0 = out;
        int8_t *to1 = pixels > 1 ? to0 + out_c : to0;
        int8_t *to2 = pixels > 2 ? to1 + out_c : to1;
        int8_t spare[12];
        const uint32_t rest = (uint32_t)out_c % 4u;
        bool last = rest == 0;
        int32_t quads = out_c / 4;
        for (;;) {
            for (; quads > 0; quads--) {
                w = tiny_mve_quad(w, scratch, blocks, to0, to1, to2, scaling, zero_point, least,
                                  most);
                to0 += 4;
                to1 += 4;
                to2 += 4;
            }
            if (last) {
                break;
            }
            /* The channels over go by another place. */
            to0 = spare;
            to1 = spare + 4;
            to2 = spare + 8;
            quads = 1;
            last = true;
        }
        for (int32_t p = 0; rest != 0 && p < pixels; p++) {
            memcpy(out + (p + 1) * out_c - rest, spare + 4 * p, rest);
        }
        out += pixels * out_c;
        left -= pixels;
    }
#else
    const int32_t blocks = (k_h * k_w * in_c + 15) / 16;
    const int32_t record = 64 * blocks + 36;
    (void)few;
    for (int32_t y = first; y < first + rows; y++) {
        for (int32_t x = 0; x < out_w; x++) {
            /* All that the pixel sees, before its outputs are written: they may lie over it. */
            int8_t *seen = scratch;
            for (int32_t ky = 0; ky < k_h; ky++) {
                const int32_t r = y * stride_h - pad_top + ky * dilation_h;
                for (int32_t kx = 0; kx < k_w; kx++) {
                    const int32_t column = x * stride_w - pad_left + kx;
                    const bool inside = r >= 0 && r < in_h && column >= 0 && column < in_w;
                    const int32_t held = inside ? tiny_ring((int16_t)r, in_ring, in_h) : 0;
                    for (int32_t i = 0; i < in_c; i++) {
                        *seen++ = inside ? in[(held * in_w + column) * in_c + i] : pad;
                    }
                }
            }
            for (int32_t c = 0; c < out_c; c++) {
                /* Channels 0, 1, 2, 3 of four: the first of either pair, then the second. */
                const int8_t TINY_ROM *const quad = weights + c / 4 * record;
                const int8_t TINY_ROM *const row = quad + (c % 2) * 32 * blocks + (c % 4 / 2) * 16;
                const int8_t TINY_ROM *const after = quad + 64 * blocks;
                int32_t sum = tiny_mve_word(after + c % 4 * 4);
                for (int32_t tap = 0; tap < k_h * k_w * in_c; tap++) {
                    sum += scratch[tap] * row[tap / 16 * 32 + tap % 16];
                }
                const int32_t mult = tiny_mve_word(after + 16 + c % 4 * 4);
                const int8_t shift = after[32 + c % 4];
                const int32_t scaled = tiny_mve_requantize(sum, mult, shift, scaling);
                *out++ = (int8_t)tiny_clamp(scaled + zero_point, low, high);
            }
        }
    }
#endif
}

#endif
