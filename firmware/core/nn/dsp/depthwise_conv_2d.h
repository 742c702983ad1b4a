/* Depthwise 3×3 convolution, int8, one scale a channel, on Arm's DSP extension: four channels at a
 * time over the whole image.
 *
 * Their input columns are kept as vertical pairs of int16: upper[col] of the rows r, r + 1 and
 * lower[col] of r + 2, r + 3, which hold all that two output rows see (stride 1), or one (stride
 * 2). The lower pairs become the next upper ones, so every input is read once, before anything is
 * written over it: out may be in. Layouts: in [in_h][in_w][channels], out [out_h][out_w][channels];
 * stream, for each four channels: their taps [3][3][4] as bytes, biases, multipliers, shifts as
 * bytes. Only the full int8 range as clamp. */
#ifndef TINY_NN_DSP_DEPTHWISE_CONV_2D_H
#define TINY_NN_DSP_DEPTHWISE_CONV_2D_H

#include "lanes.h"

/* 2·x, each half by itself. */
static inline uint32_t tiny_dsp_twice(uint32_t x) {
#if defined(TINY_DSP)
    uint32_t sum;
    __asm__("sadd16 %0, %1, %1" : "=r"(sum) : "r"(x));
    return sum;
#else
    return tiny_halves(2 * tiny_low_half(x), 2 * tiny_high_half(x));
#endif
}

/* Unpacks one column x of the taps of four channels. */
static inline __attribute__((always_inline)) void
tiny_dsp_taps_column(const int32_t *stream, tiny_dsp_taps_t *taps, uint32_t x) {
    const uint32_t four0 = (uint32_t)stream[x];
    const uint32_t four1 = (uint32_t)stream[3 + x];
    const uint32_t four2 = (uint32_t)stream[6 + x];
    const uint32_t even0 = tiny_dsp_twice(tiny_sxtb16(four0));
    const uint32_t even1 = tiny_dsp_twice(tiny_sxtb16(four1));
    const uint32_t even2 = tiny_dsp_twice(tiny_sxtb16(four2));
    const uint32_t odd0 = tiny_dsp_twice(tiny_sxtb16_odd(four0));
    const uint32_t odd1 = tiny_dsp_twice(tiny_sxtb16_odd(four1));
    const uint32_t odd2 = tiny_dsp_twice(tiny_sxtb16_odd(four2));
    taps[0].top[x] = tiny_lows(even0, even1);
    taps[1].top[x] = tiny_lows(odd0, odd1);
    taps[2].top[x] = tiny_highs(even0, even1);
    taps[3].top[x] = tiny_highs(odd0, odd1);
    taps[0].bottom[x] = tiny_lows(even1, even2);
    taps[1].bottom[x] = tiny_lows(odd1, odd2);
    taps[2].bottom[x] = tiny_highs(even1, even2);
    taps[3].bottom[x] = tiny_highs(odd1, odd2);
}

/* Unpacks four channels; returns where the next four are. */
static inline __attribute__((always_inline)) const int32_t *
tiny_dsp_taps(const int32_t *stream, tiny_dsp_taps_t *taps, int32_t zero_point) {
    tiny_dsp_taps_column(stream, taps, 0);
    tiny_dsp_taps_column(stream, taps, 1);
    tiny_dsp_taps_column(stream, taps, 2);
    uint32_t shifts = (uint32_t)stream[17];
    for (uint32_t lane = 0; lane < TINY_DSP_LANES; lane++) {
        const uint32_t shift = shifts & 0xffu;
        shifts >>= 8;
        taps[lane].bias = stream[9 + lane] * 2;
        taps[lane].mult = stream[13 + lane];
        taps[lane].shift = shift;
        taps[lane].half = (int32_t)((uint32_t)(2 * zero_point + 1) << (shift - 1u));
    }
    return stream + 18;
}

/* Two more input rows, columns >= 1 of them: lower pairs become upper ones, those of a and b the
 * lower ones. */
static __attribute__((noinline, unused)) void tiny_dsp_advance(tiny_dsp_column_t *to,
                                                               const int8_t *a, uint32_t a_step,
                                                               const int8_t *b, uint32_t b_step,
                                                               uint32_t columns) {
    const tiny_dsp_column_t *const end = to + columns;
#if defined(TINY_DSP_ASM)
    register uint32_t u0 __asm__("r3"); /* STM wants them in this order */
    register uint32_t l0 __asm__("r4");
    register uint32_t u1 __asm__("r5");
    register uint32_t l1 __asm__("r6");
    register uint32_t l2 __asm__("r8");
    register uint32_t u3 __asm__("r9");
    register uint32_t l3 __asm__("r10");
    __asm__ volatile(
        "1: ldr %[l2], [%[a]]\n\t"
        "ldr %[l3], [%[b]]\n\t"
        "add %[a], %[a], %[a_step]\n\t"
        "add %[b], %[b], %[b_step]\n\t"
        "sxtb16 %[u0], %[l2]\n\t"
        "sxtb16 %[u1], %[l2], ror #8\n\t"
        "sxtb16 %[l2], %[l3]\n\t"
        "sxtb16 %[l3], %[l3], ror #8\n\t"
        "pkhbt %[l0], %[u0], %[l2], lsl #16\n\t"
        "pkhtb %[l2], %[l2], %[u0], asr #16\n\t"
        "pkhbt %[l1], %[u1], %[l3], lsl #16\n\t"
        "pkhtb %[l3], %[l3], %[u1], asr #16\n\t"
        "ldr %[u0], [%[to], #4]\n\t"
        "ldr %[u1], [%[to], #12]\n\t"
        "stm %[to]!, {%[u0], %[l0], %[u1], %[l1]}\n\t"
        "ldr %[u1], [%[to], #4]\n\t"
        "ldr %[u3], [%[to], #12]\n\t"
        "stm %[to]!, {%[u1], %[l2], %[u3], %[l3]}\n\t"
        "cmp %[to], %[end]\n\t"
        "bne 1b\n\t"
        : [to] "+r"(to), [a] "+r"(a), [b] "+r"(b), [u0] "=&r"(u0), [l0] "=&r"(l0), [u1] "=&r"(u1),
          [l1] "=&r"(l1), [l2] "=&r"(l2), [u3] "=&r"(u3), [l3] "=&r"(l3)
        : [a_step] "r"(a_step), [b_step] "r"(b_step), [end] "r"(end)
        : "cc", "memory");
#else
    for (; to != end; to++, a += a_step, b += b_step) {
        const uint32_t four_a = tiny_word(a);
        const uint32_t four_b = tiny_word(b);
        const uint32_t even_a = tiny_sxtb16(four_a);
        const uint32_t even_b = tiny_sxtb16(four_b);
        const uint32_t odd_a = tiny_sxtb16_odd(four_a);
        const uint32_t odd_b = tiny_sxtb16_odd(four_b);
        const uint32_t pairs[TINY_DSP_LANES] = {tiny_lows(even_a, even_b), tiny_lows(odd_a, odd_b),
                                                tiny_highs(even_a, even_b),
                                                tiny_highs(odd_a, odd_b)};
        for (uint32_t lane = 0; lane < TINY_DSP_LANES; lane++) {
            to->lane[lane].upper = to->lane[lane].lower;
            to->lane[lane].lower = pairs[lane];
        }
    }
#endif
}

/* All that one output row sees: upper pairs of a and b, lower ones of c and nobody. */
static __attribute__((noinline, unused)) void tiny_dsp_fill(tiny_dsp_column_t *to,
                                                            const int8_t *const rows[3],
                                                            const uint32_t steps[3],
                                                            uint32_t columns) {
    const tiny_dsp_column_t *const end = to + columns;
    const int8_t *a = rows[0];
    const int8_t *b = rows[1];
    const int8_t *c = rows[2];
#if defined(TINY_DSP_ASM)
    register uint32_t u0 __asm__("r3"); /* STM wants them in this order */
    register uint32_t l0 __asm__("r4");
    register uint32_t u1 __asm__("r5");
    register uint32_t l1 __asm__("r6");
    uint32_t u2, u3;
    __asm__ volatile(
        "1: ldr %[u2], [%[a]]\n\t"
        "ldr %[u3], [%[b]]\n\t"
        "add %[a], %[a], %[a_step]\n\t"
        "add %[b], %[b], %[b_step]\n\t"
        "sxtb16 %[l0], %[u2]\n\t"
        "sxtb16 %[l1], %[u2], ror #8\n\t"
        "sxtb16 %[u2], %[u3]\n\t"
        "sxtb16 %[u3], %[u3], ror #8\n\t"
        "pkhbt %[u0], %[l0], %[u2], lsl #16\n\t"
        "pkhtb %[u2], %[u2], %[l0], asr #16\n\t"
        "pkhbt %[u1], %[l1], %[u3], lsl #16\n\t"
        "pkhtb %[u3], %[u3], %[l1], asr #16\n\t"
        "ldr %[l0], [%[c]]\n\t"
        "add %[c], %[c], %[c_step]\n\t"
        "sxtb16 %[l1], %[l0], ror #8\n\t"
        "sxtb16 %[l0], %[l0]\n\t"
        "stm %[to]!, {%[u0], %[l0], %[u1], %[l1]}\n\t"
        "asr %[l0], %[l0], #16\n\t"
        "asr %[l1], %[l1], #16\n\t"
        "strd %[u2], %[l0], [%[to]], #8\n\t"
        "strd %[u3], %[l1], [%[to]], #8\n\t"
        "cmp %[to], %[end]\n\t"
        "bne 1b\n\t"
        : [to] "+r"(to), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [u0] "=&r"(u0), [l0] "=&r"(l0),
          [u1] "=&r"(u1), [l1] "=&r"(l1), [u2] "=&r"(u2), [u3] "=&r"(u3)
        : [a_step] "r"(steps[0]), [b_step] "r"(steps[1]), [c_step] "r"(steps[2]), [end] "r"(end)
        : "cc", "memory");
#else
    for (; to != end; to++, a += steps[0], b += steps[1], c += steps[2]) {
        for (uint32_t lane = 0; lane < TINY_DSP_LANES; lane++) {
            to->lane[lane].upper = tiny_halves(a[lane], b[lane]);
            to->lane[lane].lower = tiny_halves(c[lane], 0);
        }
    }
#endif
}

static inline __attribute__((always_inline)) void
tiny_dsp_depthwise_body(const int8_t *in, const int32_t TINY_ROM *stream, int8_t *out,
                        int8_t *scratch, int16_t first, int16_t rows, int16_t in_h, int16_t in_ring,
                        int16_t in_w, int16_t out_w, uint16_t channels, uint16_t stride,
                        int16_t pad_top, int16_t pad_left, uint16_t inside, int8_t pad,
                        tiny_rounding_t rounding, int8_t zero_point) {
    tiny_dsp_column_t *const columns = (tiny_dsp_column_t *)(void *)scratch;
    const int8_t padding[4] = {pad, pad, pad, pad};
    const uint32_t seen = (uint32_t)((out_w - 1) * stride + 3);
    const uint32_t in_row = (uint32_t)in_w * channels;
    const uint32_t out_row = (uint32_t)out_w * channels;
    const int16_t at_once = stride == 1 ? 2 : 1;
    tiny_dsp_lanes_t state;
    state.step = channels;
    state.length = 32u * (uint32_t)(out_w & ~1) * stride;
    state.odd = (uint32_t)out_w & 1u;
    for (uint32_t x = 0; x < seen; x++) {
        if (x < (uint32_t)pad_left || x >= (uint32_t)pad_left + inside) {
            for (uint32_t lane = 0; lane < TINY_DSP_LANES; lane++) {
                columns[x].lane[lane].upper = tiny_halves(pad, pad);
                columns[x].lane[lane].lower = tiny_halves(pad, pad);
            }
        }
    }
    for (uint32_t c = 0; c < channels; c += TINY_DSP_LANES) {
        tiny_dsp_taps_t taps[TINY_DSP_LANES];
        stream = tiny_dsp_taps(stream, taps, zero_point);
        int32_t r = first * stride - pad_top;
        int8_t *to = out + c;
        const bool alone = rows == 1;
        for (int16_t y = alone ? 0 : (int16_t)-at_once; y < rows; y = (int16_t)(y + at_once)) {
            const int8_t *seen_rows[3];
            uint32_t steps[3];
            for (int16_t i = 0; i < (alone ? 3 : 2); i++) {
                const bool exists = r + i >= 0 && r + i < in_h;
                steps[i] = exists ? channels : 0;
                seen_rows[i] = padding;
                if (exists) {
                    const int32_t held = tiny_ring((int16_t)(r + i), in_ring, in_h);
                    seen_rows[i] = in + c + (uint32_t)held * in_row;
                }
            }
            r += 2;
            if (alone) {
                tiny_dsp_fill(columns + pad_left, seen_rows, steps, inside);
            } else {
                tiny_dsp_advance(columns + pad_left, seen_rows[0], steps[0], seen_rows[1], steps[1],
                                 inside);
            }
            if (y < 0) {
                continue;
            }
            state.row_step = y + 1 < rows ? out_row : 0;
            state.in = columns;
            state.out = to;
            state.taps = taps;
            state.lanes = TINY_DSP_LANES;
            tiny_dsp_lanes(&state, stride, rounding);
            to += stride == 1 ? 2 * out_row : out_row;
        }
    }
}

/* Functions of their own: the assembly reaches its memory only in a small frame. */
#define TINY_DSP_DEPTHWISE(name, stride, rounding)                                                 \
    static __attribute__((noinline, unused)) void name(                                            \
        const int8_t *in, const int32_t TINY_ROM *stream, int8_t *out, int8_t *scratch,            \
        int16_t first, int16_t rows, int16_t in_h, int16_t in_ring, int16_t in_w, int16_t out_w,   \
        uint16_t channels, int16_t pad_top, int16_t pad_left, uint16_t inside, int8_t pad,         \
        int8_t zero_point) {                                                                       \
        tiny_dsp_depthwise_body(in, stream, out, scratch, first, rows, in_h, in_ring, in_w, out_w, \
                                channels, stride, pad_top, pad_left, inside, pad, rounding,        \
                                zero_point);                                                       \
    }
TINY_DSP_DEPTHWISE(tiny_dsp_depthwise_1_positive, 1, TINY_ROUND_TWICE_POSITIVE)
TINY_DSP_DEPTHWISE(tiny_dsp_depthwise_1_any, 1, TINY_ROUND_TWICE)
TINY_DSP_DEPTHWISE(tiny_dsp_depthwise_2_positive, 2, TINY_ROUND_TWICE_POSITIVE)
TINY_DSP_DEPTHWISE(tiny_dsp_depthwise_2_any, 2, TINY_ROUND_TWICE)

/* stride is 1 or 2, the same both ways; of the columns that are seen, `inside` are in the image.
 * scratch: 32 bytes for each of the (out_w − 1)·stride + 3 columns that are seen. */
TINY_KERNEL void tiny_dsp_depthwise_3x3(const int8_t *in, const int32_t TINY_ROM *stream,
                                        int8_t *out, int8_t *scratch, int16_t first, int16_t rows,
                                        int16_t in_h, int16_t in_ring, int16_t in_w, int16_t out_w,
                                        uint16_t channels, uint16_t stride, int16_t pad_top,
                                        int16_t pad_left, uint16_t inside, int8_t pad,
                                        tiny_rounding_t rounding, int8_t zero_point) {
    if (stride == 1 && rounding == TINY_ROUND_TWICE_POSITIVE) {
        tiny_dsp_depthwise_1_positive(in, stream, out, scratch, first, rows, in_h, in_ring, in_w,
                                      out_w, channels, pad_top, pad_left, inside, pad, zero_point);
    } else if (stride == 1) {
        tiny_dsp_depthwise_1_any(in, stream, out, scratch, first, rows, in_h, in_ring, in_w, out_w,
                                 channels, pad_top, pad_left, inside, pad, zero_point);
    } else if (rounding == TINY_ROUND_TWICE_POSITIVE) {
        tiny_dsp_depthwise_2_positive(in, stream, out, scratch, first, rows, in_h, in_ring, in_w,
                                      out_w, channels, pad_top, pad_left, inside, pad, zero_point);
    } else {
        tiny_dsp_depthwise_2_any(in, stream, out, scratch, first, rows, in_h, in_ring, in_w, out_w,
                                 channels, pad_top, pad_left, inside, pad, zero_point);
    }
}

#endif
