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

#include "../fixed.h"
#include "dsp.h"

#define TINY_DSP_LANES 4

/* The column of four channels. */
typedef struct {
    struct {
        uint32_t upper;
        uint32_t lower;
    } lane[TINY_DSP_LANES];
} tiny_dsp_column_t;

/* One channel: taps as pairs (2·w[0][x], 2·w[1][x]) and (2·w[1][x], 2·w[2][x]). Sums are doubled
 * throughout: SMMULR halves them. */
typedef struct {
    uint32_t top[3];
    uint32_t bottom[3];
    int32_t bias;
    uint32_t shift;
    int32_t mult;
    int32_t half; /* of the second rounding, with the zero point */
} tiny_dsp_taps_t;

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

/* Both low halves, both high halves; the first argument's below. */
static inline uint32_t tiny_dsp_lows(uint32_t x, uint32_t y) {
#if defined(TINY_DSP)
    uint32_t pair;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(pair) : "r"(x), "r"(y));
    return pair;
#else
    return (x & 0xffffu) | (y << 16);
#endif
}

static inline uint32_t tiny_dsp_highs(uint32_t x, uint32_t y) {
#if defined(TINY_DSP)
    uint32_t pair;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(pair) : "r"(y), "r"(x));
    return pair;
#else
    return (x >> 16) | (y & 0xffff0000u);
#endif
}

/* Unpacks four channels; returns where the next four are. */
static inline const int32_t *tiny_dsp_taps(const int32_t *stream, tiny_dsp_taps_t *taps,
                                           int32_t zero_point) {
    for (uint32_t x = 0; x < 3; x++) {
        uint32_t even[3];
        uint32_t odd[3];
        for (uint32_t y = 0; y < 3; y++) {
            const uint32_t four = (uint32_t)stream[3 * y + x];
            even[y] = tiny_dsp_twice(tiny_sxtb16(four));
            odd[y] = tiny_dsp_twice(tiny_sxtb16_odd(four));
        }
        taps[0].top[x] = tiny_dsp_lows(even[0], even[1]);
        taps[1].top[x] = tiny_dsp_lows(odd[0], odd[1]);
        taps[2].top[x] = tiny_dsp_highs(even[0], even[1]);
        taps[3].top[x] = tiny_dsp_highs(odd[0], odd[1]);
        taps[0].bottom[x] = tiny_dsp_lows(even[1], even[2]);
        taps[1].bottom[x] = tiny_dsp_lows(odd[1], odd[2]);
        taps[2].bottom[x] = tiny_dsp_highs(even[1], even[2]);
        taps[3].bottom[x] = tiny_dsp_highs(odd[1], odd[2]);
    }
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

/* Two more input rows: lower pairs become upper ones, those of a and b the lower ones. */
static inline __attribute__((always_inline)) void
tiny_dsp_advance(tiny_dsp_column_t *to, const int8_t *a, uint32_t a_step, const int8_t *b,
                 uint32_t b_step, uint32_t columns) {
    for (; columns != 0; columns--, to++, a += a_step, b += b_step) {
        const uint32_t four_a = tiny_word(a);
        const uint32_t four_b = tiny_word(b);
        const uint32_t even_a = tiny_sxtb16(four_a);
        const uint32_t even_b = tiny_sxtb16(four_b);
        const uint32_t odd_a = tiny_sxtb16_odd(four_a);
        const uint32_t odd_b = tiny_sxtb16_odd(four_b);
        const uint32_t pairs[TINY_DSP_LANES] = {
            tiny_dsp_lows(even_a, even_b), tiny_dsp_lows(odd_a, odd_b),
            tiny_dsp_highs(even_a, even_b), tiny_dsp_highs(odd_a, odd_b)};
        for (uint32_t lane = 0; lane < TINY_DSP_LANES; lane++) {
            to->lane[lane].upper = to->lane[lane].lower;
            to->lane[lane].lower = pairs[lane];
        }
    }
}

#if !defined(TINY_DSP_ASM)
static inline int8_t tiny_dsp_lane_output(uint32_t sum, const tiny_dsp_taps_t *taps,
                                          tiny_rounding_t rounding) {
    int32_t first = tiny_smmulr((int32_t)sum, taps->mult);
    if (rounding != TINY_ROUND_TWICE_POSITIVE) {
        first += first >> 31;
    }
    return (int8_t)tiny_ssat8(tiny_asr(first + taps->half, taps->shift));
}
#endif

/* The steps of assembly that the two loops below are made of. */
#define TINY_DSP_ROWS(sum, x)                             \
    "smlad %[a" sum "], %[d0], %[t" x "], %[a" sum "]\n\t"  \
    "smlatb %[b" sum "], %[d0], %[t" x "], %[b" sum "]\n\t" \
    "smlabt %[a" sum "], %[d1], %[u" x "], %[a" sum "]\n\t" \
    "smlad %[b" sum "], %[d1], %[u" x "], %[b" sum "]\n\t"
#define TINY_DSP_ROW(x)                      \
    "smlad %[a0], %[d0], %[t" x "], %[a0]\n\t" \
    "smlabt %[a0], %[d1], %[u" x "], %[a0]\n\t"
#define TINY_DSP_ROUND_POSITIVE(sum) "smmlar %[" sum "], %[" sum "], %[d0], %[d1]\n\t"
#define TINY_DSP_ROUND_ANY(sum)                         \
    "smmulr %[" sum "], %[" sum "], %[d0]\n\t"            \
    "add %[" sum "], %[" sum "], %[" sum "], asr #31\n\t" \
    "add %[" sum "], %[" sum "], %[d1]\n\t"
#define TINY_DSP_SHIFT(sum)                \
    "asr %[" sum "], %[" sum "], %[d0]\n\t" \
    "ssat %[" sum "], #8, %[" sum "]\n\t"

/* Of one channel two output rows, `columns` outputs each. The second row is written first: with
 * row_step 0 it is as if it had not been. */
#define TINY_DSP_LANE_1(name, ROUND)                                                              \
    static inline __attribute__((always_inline)) void name(                                       \
        const tiny_dsp_column_t *in, int8_t *out, const tiny_dsp_taps_t *taps, uint32_t columns,  \
        uint32_t step, uint32_t row_step) {                                                       \
        const struct {                                                                            \
            int32_t bias;                                                                         \
            uint32_t shift;                                                                       \
            int32_t mult, half;                                                                   \
            uint32_t step, row_step;                                                              \
            const tiny_dsp_column_t *end;                                                         \
            uint32_t odd;                                                                         \
        } other = {taps->bias, taps->shift, taps->mult,           taps->half,                     \
                   step,       row_step,    in + (columns & ~1u), columns & 1u};                  \
        uint32_t d0, d1, a0, a1, b0, b1;                                                          \
        __asm__ volatile(                                                                         \
            "b 2f\n\t"                                                                            \
            "1: ldrd %[d0], %[d1], [%[in]], #32\n\t"                                              \
            "ldr %[a1], %[bias]\n\t"                                                              \
            "smlad %[a0], %[d0], %[t0], %[a1]\n\t"                                                \
            "smlatb %[b0], %[d0], %[t0], %[a1]\n\t"                                               \
            "smlabt %[a0], %[d1], %[u0], %[a0]\n\t"                                               \
            "smlad %[b0], %[d1], %[u0], %[b0]\n\t"                                                \
            "ldrd %[d0], %[d1], [%[in]], #32\n\t" TINY_DSP_ROWS("0", "1")                         \
            "smlatb %[b1], %[d0], %[t0], %[a1]\n\t"                                               \
            "smlad %[a1], %[d0], %[t0], %[a1]\n\t"                                                \
            "smlabt %[a1], %[d1], %[u0], %[a1]\n\t"                                               \
            "smlad %[b1], %[d1], %[u0], %[b1]\n\t"                                                \
            "ldrd %[d0], %[d1], [%[in]]\n\t" TINY_DSP_ROWS("0", "2") TINY_DSP_ROWS("1", "1")      \
            "ldrd %[d0], %[d1], [%[in], #32]\n\t" TINY_DSP_ROWS("1", "2")                         \
            "ldrd %[d0], %[d1], %[mult]\n\t" ROUND("a0") ROUND("b0") ROUND("a1") ROUND("b1")      \
            "ldr %[d0], %[shift]\n\t" TINY_DSP_SHIFT("a0") TINY_DSP_SHIFT("b0")                   \
            TINY_DSP_SHIFT("a1") TINY_DSP_SHIFT("b1")                                             \
            "ldrd %[d0], %[d1], %[steps]\n\t"                                                     \
            "add %[out], %[out], %[d1]\n\t"                                                       \
            "strb %[b0], [%[out]]\n\t"                                                            \
            "strb %[b1], [%[out], %[d0]]\n\t"                                                     \
            "sub %[out], %[out], %[d1]\n\t"                                                       \
            "strb %[a0], [%[out]]\n\t"                                                            \
            "strb %[a1], [%[out], %[d0]]\n\t"                                                     \
            "add %[out], %[out], %[d0], lsl #1\n\t"                                               \
            "2: ldr %[d0], %[end]\n\t"                                                            \
            "cmp %[in], %[d0]\n\t"                                                                \
            "bne 1b\n\t"                                                                          \
            "ldr %[d0], %[odd]\n\t"                                                               \
            "cmp %[d0], #0\n\t"                                                                   \
            "beq 3f\n\t"                                                                          \
            "ldrd %[d0], %[d1], [%[in]]\n\t"                                                      \
            "ldr %[a0], %[bias]\n\t"                                                              \
            "mov %[b0], %[a0]\n\t" TINY_DSP_ROWS("0", "0")                                        \
            "ldrd %[d0], %[d1], [%[in], #32]\n\t" TINY_DSP_ROWS("0", "1")                         \
            "ldrd %[d0], %[d1], [%[in], #64]\n\t" TINY_DSP_ROWS("0", "2")                         \
            "ldrd %[d0], %[d1], %[mult]\n\t" ROUND("a0") ROUND("b0")                              \
            "ldr %[d0], %[shift]\n\t" TINY_DSP_SHIFT("a0") TINY_DSP_SHIFT("b0")                   \
            "ldrd %[d0], %[d1], %[steps]\n\t"                                                     \
            "strb %[b0], [%[out], %[d1]]\n\t"                                                     \
            "strb %[a0], [%[out]]\n\t"                                                            \
            "3:\n\t"                                                                              \
            : [in] "+r"(in), [out] "+r"(out), [d0] "=&r"(d0), [d1] "=&r"(d1), [a0] "=&r"(a0),     \
              [a1] "=&r"(a1), [b0] "=&r"(b0), [b1] "=&r"(b1)                                      \
            : [t0] "r"(taps->top[0]), [t1] "r"(taps->top[1]), [t2] "r"(taps->top[2]),             \
              [u0] "r"(taps->bottom[0]), [u1] "r"(taps->bottom[1]), [u2] "r"(taps->bottom[2]),    \
              [bias] "m"(other.bias), [shift] "m"(other.shift), [mult] "m"(other.mult),           \
              [steps] "m"(other.step), [end] "m"(other.end), [odd] "m"(other.odd), "m"(other)     \
            : "cc", "memory");                                                                    \
    }

/* Of one channel one output row at stride 2. */
#define TINY_DSP_LANE_2(name, ROUND)                                                              \
    static inline __attribute__((always_inline)) void name(                                       \
        const tiny_dsp_column_t *in, int8_t *out, const tiny_dsp_taps_t *taps, uint32_t columns,  \
        uint32_t step) {                                                                          \
        const int32_t bias = taps->bias;                                                          \
        uint32_t d0, d1, a0;                                                                      \
        const struct {                                                                            \
            int32_t mult, half;                                                                   \
        } scale = {taps->mult, taps->half};                                                       \
        const struct {                                                                            \
            uint32_t shift, step;                                                                 \
        } last = {taps->shift, step};                                                             \
        __asm__ volatile(                                                                         \
            "1: ldrd %[d0], %[d1], [%[in]], #32\n\t"                                              \
            "smlad %[a0], %[d0], %[t0], %[bias]\n\t"                                              \
            "smlabt %[a0], %[d1], %[u0], %[a0]\n\t"                                               \
            "ldrd %[d0], %[d1], [%[in]], #32\n\t" TINY_DSP_ROW("1")                               \
            "ldrd %[d0], %[d1], [%[in]]\n\t" TINY_DSP_ROW("2")                                    \
            "ldrd %[d0], %[d1], %[scale]\n\t" ROUND("a0")                                         \
            "ldrd %[d0], %[d1], %[last]\n\t" TINY_DSP_SHIFT("a0")                                 \
            "strb %[a0], [%[out]]\n\t"                                                            \
            "add %[out], %[out], %[d1]\n\t"                                                       \
            "subs %[n], %[n], #1\n\t"                                                             \
            "bne 1b\n\t"                                                                          \
            : [in] "+r"(in), [out] "+r"(out), [d0] "=&r"(d0), [d1] "=&r"(d1), [a0] "=&r"(a0),     \
              [n] "+r"(columns)                                                                   \
            : [t0] "r"(taps->top[0]), [t1] "r"(taps->top[1]), [t2] "r"(taps->top[2]),             \
              [u0] "r"(taps->bottom[0]), [u1] "r"(taps->bottom[1]), [u2] "r"(taps->bottom[2]),    \
              [bias] "r"(bias), [scale] "m"(scale), [last] "m"(last)                              \
            : "cc", "memory");                                                                    \
    }

#if defined(TINY_DSP_ASM)
TINY_DSP_LANE_1(tiny_dsp_lane_1_positive, TINY_DSP_ROUND_POSITIVE)
TINY_DSP_LANE_1(tiny_dsp_lane_1_any, TINY_DSP_ROUND_ANY)
TINY_DSP_LANE_2(tiny_dsp_lane_2_positive, TINY_DSP_ROUND_POSITIVE)
TINY_DSP_LANE_2(tiny_dsp_lane_2_any, TINY_DSP_ROUND_ANY)
#endif

/* One channel: at stride 1 two output rows, at stride 2 one. */
static inline __attribute__((always_inline)) void
tiny_dsp_lane(const tiny_dsp_column_t *in, int8_t *out, const tiny_dsp_taps_t *taps,
              uint32_t columns, uint32_t step, uint32_t row_step, uint32_t stride,
              tiny_rounding_t rounding) {
#if defined(TINY_DSP_ASM)
    if (stride == 1) {
        if (rounding == TINY_ROUND_TWICE_POSITIVE) {
            tiny_dsp_lane_1_positive(in, out, taps, columns, step, row_step);
        } else {
            tiny_dsp_lane_1_any(in, out, taps, columns, step, row_step);
        }
    } else if (rounding == TINY_ROUND_TWICE_POSITIVE) {
        tiny_dsp_lane_2_positive(in, out, taps, columns, step);
    } else {
        tiny_dsp_lane_2_any(in, out, taps, columns, step);
    }
#else
    for (; columns != 0; columns--, in += stride, out += step) {
        uint32_t first = (uint32_t)taps->bias;
        uint32_t second = first;
        for (uint32_t x = 0; x < 3; x++) {
            const uint32_t upper = in[x].lane[0].upper;
            const uint32_t lower = in[x].lane[0].lower;
            first = tiny_smlad(upper, taps->top[x], first);
            first = tiny_smlad(lower & 0xffffu, taps->bottom[x] >> 16, first);
            second = tiny_smlad(upper >> 16, taps->top[x] & 0xffffu, second);
            second = tiny_smlad(lower, taps->bottom[x], second);
        }
        if (stride == 1) {
            out[row_step] = tiny_dsp_lane_output(second, taps, rounding);
        }
        out[0] = tiny_dsp_lane_output(first, taps, rounding);
    }
#endif
}

/* Row r of the input for four channels from `in` on; one outside the image is all padding. */
static inline const int8_t *tiny_dsp_row(const int8_t *in, int32_t r, int16_t in_h,
                                         int16_t in_ring, uint32_t row_bytes,
                                         const int8_t *padding, uint32_t *step, uint32_t channels) {
    const bool inside = r >= 0 && r < in_h;
    *step = inside ? channels : 0;
    return inside ? in + (uint32_t)tiny_ring((int16_t)r, in_ring, in_h) * row_bytes : padding;
}

/* stride is 1 or 2, the same both ways. scratch: 32 bytes for each of the (out_w − 1)·stride + 3
 * columns that are seen. */
TINY_KERNEL void tiny_dsp_depthwise_3x3(const int8_t *in, const int32_t TINY_ROM *stream,
                                        int8_t *out, int8_t *scratch, int16_t first, int16_t rows,
                                        int16_t in_h, int16_t in_ring, int16_t in_w, int16_t out_w,
                                        uint16_t channels, uint16_t stride, int16_t pad_top,
                                        int16_t pad_left, int8_t pad, tiny_rounding_t rounding,
                                        int8_t zero_point) {
    tiny_dsp_column_t *const columns = (tiny_dsp_column_t *)(void *)scratch;
    const int8_t padding[4] = {pad, pad, pad, pad};
    const uint32_t seen = (uint32_t)((out_w - 1) * stride + 3);
    const uint32_t fit = seen - (uint32_t)pad_left;
    const uint32_t inside = fit < (uint32_t)in_w ? fit : (uint32_t)in_w;
    const uint32_t in_row = (uint32_t)in_w * channels;
    const uint32_t out_row = (uint32_t)out_w * channels;
    const int16_t at_once = stride == 1 ? 2 : 1;
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
        for (int16_t y = (int16_t)-at_once; y < rows; y = (int16_t)(y + at_once)) {
            uint32_t a_step;
            uint32_t b_step;
            const int8_t *const a =
                tiny_dsp_row(in + c, r, in_h, in_ring, in_row, padding, &a_step, channels);
            const int8_t *const b =
                tiny_dsp_row(in + c, r + 1, in_h, in_ring, in_row, padding, &b_step, channels);
            r += 2;
            tiny_dsp_advance(columns + pad_left, a, a_step, b, b_step, inside);
            if (y < 0) {
                continue;
            }
            const uint32_t row_step = y + 1 < rows ? out_row : 0;
            for (uint32_t lane = 0; lane < TINY_DSP_LANES; lane++) {
                tiny_dsp_lane((const tiny_dsp_column_t *)(const void *)&columns->lane[lane],
                              to + lane, &taps[lane], (uint32_t)out_w, channels, row_step, stride,
                              rounding);
            }
            to += stride == 1 ? 2 * out_row : out_row;
        }
    }
}

#endif
