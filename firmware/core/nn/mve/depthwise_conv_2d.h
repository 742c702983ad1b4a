/* Depthwise 2-D convolution for MVE: kernels up to 3×3, stride 1 or 2, one output a channel.
 *
 * MVE has no multiply-accumulate lane by lane into wider lanes, but one across lanes. So four input
 * rows of 16 channels are interleaved (VST4) to words of four pixels one below the other, and four
 * neighbouring words of a channel are gathered: a window of 4×4, of which the weights, one word a
 * column, take 3×3. Shifted by a byte they take the rows below. With stride 1 two output rows and
 * two columns are made at once, else four columns of a row.
 *
 * Layouts: in, out as ../depthwise_conv_2d.h. weights: for every channel 20 bytes: the columns from
 * the left, each its three weights downwards (zeros where the kernel is smaller) and a fourth byte,
 * which in the first is the shift; then bias and mult, little-endian. scratch: 64 bytes for every
 * column of the padded image and three more. */
#ifndef TINY_NN_MVE_DEPTHWISE_CONV_2D_H
#define TINY_NN_MVE_DEPTHWISE_CONV_2D_H

#include "mve.h"

/* Bytes of one column of 16 channels. */
#define TINY_MVE_COLUMN 64

#if defined(TINY_MVE)

/* Columns of four rows, `valid` channels of 16, to words. */
TINY_INNER int8_t *tiny_mve_columns(int8_t *to, const int8_t *row0, const int8_t *row1,
                                    const int8_t *row2, const int8_t *row3, int32_t step0,
                                    int32_t step1, int32_t step2, int32_t step3, int32_t valid,
                                    int32_t count) {
    __asm__ volatile(
        "ldr lr, %[valid]\n"
        "vctp.8 lr\n"
        "ldr lr, %[count]\n"
        "dls lr, lr\n"
        "1:\n"
        "vpstttt\n"
        "vldrbt.u8 q0, [%[row0]]\n"
        "vldrbt.u8 q1, [%[row1]]\n"
        "vldrbt.u8 q2, [%[row2]]\n"
        "vldrbt.u8 q3, [%[row3]]\n"
        "add %[row0], %[step0]\n"
        "add %[row1], %[step1]\n"
        "add %[row2], %[step2]\n"
        "add %[row3], %[step3]\n"
        "vst40.8 {q0, q1, q2, q3}, [%[to]]\n"
        "vst41.8 {q0, q1, q2, q3}, [%[to]]\n"
        "vst42.8 {q0, q1, q2, q3}, [%[to]]\n"
        "vst43.8 {q0, q1, q2, q3}, [%[to]]!\n"
        "le lr, 1b\n"
        : [to] "+r"(to), [row0] "+r"(row0), [row1] "+r"(row1), [row2] "+r"(row2), [row3] "+r"(row3)
        : [step0] "r"(step0), [step1] "r"(step1), [step2] "r"(step2), [step3] "r"(step3),
          [valid] "m"(valid), [count] "m"(count)
        : "lr", "q0", "q1", "q2", "q3", "p0", "memory");
    return to;
}

/* The same columns two rows further down: of the words there, the lower two rows move up. */
TINY_INNER void tiny_mve_next_columns(int8_t *to, const int8_t *row2, const int8_t *row3,
                                      int32_t step2, int32_t step3, int32_t valid, int32_t count) {
    __asm__ volatile(
        "vctp.8 %[valid]\n"
        "dls lr, %[count]\n"
        "1:\n"
        "vld40.8 {q0, q1, q2, q3}, [%[to]]\n"
        "vld41.8 {q0, q1, q2, q3}, [%[to]]\n"
        "vld42.8 {q0, q1, q2, q3}, [%[to]]\n"
        "vld43.8 {q0, q1, q2, q3}, [%[to]]\n"
        "vpstt\n"
        "vldrbt.u8 q4, [%[row2]]\n"
        "vldrbt.u8 q5, [%[row3]]\n"
        "add %[row2], %[step2]\n"
        "add %[row3], %[step3]\n"
        "vst40.8 {q2, q3, q4, q5}, [%[to]]\n"
        "vst41.8 {q2, q3, q4, q5}, [%[to]]\n"
        "vst42.8 {q2, q3, q4, q5}, [%[to]]\n"
        "vst43.8 {q2, q3, q4, q5}, [%[to]]!\n"
        "le lr, 1b\n"
        : [to] "+r"(to), [row2] "+r"(row2), [row3] "+r"(row3)
        : [step2] "r"(step2), [step3] "r"(step3), [valid] "r"(valid), [count] "r"(count)
        : "lr", "q0", "q1", "q2", "q3", "q4", "q5", "p0", "memory");
}

TINY_INNER int8_t *tiny_mve_pad_columns(int8_t *to, int8_t pad, int32_t count) {
    const int8x16_t value = vdupq_n_s8(pad);
    for (int32_t i = 0; i < count * (TINY_MVE_COLUMN / 16); i++) {
        vstrbq_s8(to, value);
        to += 16;
    }
    return to;
}

/* How the outputs of one channel follow one another. */
typedef struct {
    int32_t groups;    /* whole groups of four outputs */
    uint32_t lanes;    /* which bytes of a last group's vector are written; 0: there is none */
    int32_t out_back;  /* from behind the last whole group to the next channel's first */
    int32_t at_back;   /* the same for where columns are gathered */
    const int8_t *end; /* of the channels' records */
} tiny_mve_walk_t;

/* Sums in r0, r2, r4, r6 to outputs in q1: lanes 0, 2, 1, 3. */
#define TINY_MVE_FINISH(fix)                                                                       \
    "vmov q1[2], q1[0], r0, r2\n"                                                                  \
    "vmov q1[3], q1[1], r4, r6\n"                                                                  \
    "vadd.i32 q1, q1, r8\n"                                                                        \
    "vqrdmulh.s32 q1, q1, r10\n" fix "vrshl.s32 q1, r12\n"                                         \
    "vadd.i32 q1, q1, %[zero]\n"                                                                   \
    "vmax.s32 q1, q1, %q[low]\n"                                                                   \
    "vmin.s32 q1, q1, %q[high]\n"
#define TINY_MVE_AWAY                                                                              \
    "vshr.s32 q0, q1, #31\n"                                                                       \
    "vqadd.s32 q1, q1, q0\n"

/* All channels: weights in q2, those for the row below in q3, bias, mult, shift in r8, r10, r12. */
// clang-format off
#define TINY_MVE_CHANNELS(group, last, fix)                                                        \
    "1:\n"                                                                                         \
    "movw r0, #0x0777\n"                                                                           \
    "vmsr p0, r0\n"                                                                                \
    "vpst\n"                                                                                       \
    "vldrbt.u8 q2, [%[record]]\n"                                                                  \
    "vshl.i32 q3, q2, #8\n"                                                                        \
    "ldrsb r12, [%[record], #3]\n"                                                                 \
    "ldrd r8, r10, [%[record], #12]\n"                                                             \
    "ldrd r0, r2, [%[walk]]\n"                                                                     \
    "add %[record], #20\n"                                                                         \
    "vmsr p0, r2\n"                                                                                \
    "wls lr, r0, 3f\n"                                                                             \
    "2:\n" group                                                                                   \
    TINY_MVE_FINISH(fix) "vstrb.32 q1, [%[out], %q[places]]\n"                                     \
    "add %[out], %[step]\n"                                                                        \
    "le lr, 2b\n"                                                                                  \
    "3:\n"                                                                                         \
    "ldr r0, [%[walk], #4]\n"                                                                      \
    "cbz r0, 4f\n" last                                                                            \
    TINY_MVE_FINISH(fix) "vpst\n"                                                                  \
    "vstrbt.32 q1, [%[out], %q[places]]\n"                                                         \
    "4:\n"                                                                                         \
    "ldrd r0, r2, [%[walk], #8]\n"                                                                 \
    "ldr r4, [%[walk], #16]\n"                                                                     \
    "add %[out], r0\n"                                                                             \
    "vadd.i32 %q[at], %q[at], r2\n"                                                                \
    "cmp %[record], r4\n"                                                                          \
    "bne 1b\n"
// clang-format on

/* Two columns of two rows. */
#define TINY_MVE_2X2                                                                               \
    "vldrw.u32 q0, [%q[at], #128]!\n"                                                              \
    "vmladav.s8 r0, q0, q2\n"                                                                      \
    "vmladav.s8 r4, q0, q3\n"                                                                      \
    "vldrw.u32 q0, [%q[at], #64]\n"                                                                \
    "vmladav.s8 r2, q0, q2\n"                                                                      \
    "vmladav.s8 r6, q0, q3\n"
#define TINY_MVE_2X1                                                                               \
    "vldrw.u32 q0, [%q[at], #128]\n"                                                               \
    "vmladav.s8 r0, q0, q2\n"                                                                      \
    "vmladav.s8 r4, q0, q3\n"
/* Four columns of one row; the place moves on by them. */
#define TINY_MVE_1X4(second, third, fourth)                                                        \
    "vldrw.u32 q0, [%q[at], #256]!\n"                                                              \
    "vmladav.s8 r0, q0, q2\n"                                                                      \
    "vldrw.u32 q0, [%q[at], #" second "]\n"                                                        \
    "vmladav.s8 r4, q0, q2\n"                                                                      \
    "vldrw.u32 q0, [%q[at], #" third "\n"                                                          \
    "vmladav.s8 r2, q0, q2\n"                                                                      \
    "vldrw.u32 q0, [%q[at], #" fourth "]\n"                                                        \
    "vmladav.s8 r6, q0, q2\n"
#define TINY_MVE_1X4_STRIDE1 TINY_MVE_1X4("64", "128]", "192")
#define TINY_MVE_1X4_STRIDE2 TINY_MVE_1X4("128", "256]!", "128")

#define TINY_MVE_RUN(code)                                                                         \
    __asm__ volatile(code                                                                          \
                     : [at] "+w"(at), [out] "+r"(out), [record] "+r"(record)                       \
                     : [places] "w"(places), [low] "w"(low), [high] "w"(high), [walk] "r"(walk),   \
                       [step] "r"(step), [zero] "r"(zero_point)                                    \
                     : "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr", "q0", "q1", "q2", "q3",   \
                       "p0", "cc", "memory")
#define TINY_MVE_SHAPES(fix)                                                                       \
    if (square) {                                                                                  \
        TINY_MVE_RUN(TINY_MVE_CHANNELS(TINY_MVE_2X2, TINY_MVE_2X1, fix));                          \
    } else if (stride2) {                                                                          \
        TINY_MVE_RUN(TINY_MVE_CHANNELS(TINY_MVE_1X4_STRIDE2, TINY_MVE_1X4_STRIDE2, fix));          \
    } else {                                                                                       \
        TINY_MVE_RUN(TINY_MVE_CHANNELS(TINY_MVE_1X4_STRIDE1, TINY_MVE_1X4_STRIDE1, fix));          \
    }

/* Up to 16 channels of one row, or of two (square). */
TINY_INNER
void tiny_mve_channels(const int8_t *record, int32x4_t at, int32x4_t places, int8_t *out,
                       int32_t step, const tiny_mve_walk_t *walk, bool square, bool stride2,
                       uint8_t scaling, int32_t zero_point, int32x4_t low, int32x4_t high) {
    if (scaling == TINY_MVE_HALF_UP) {
        TINY_MVE_SHAPES("")
    } else {
        TINY_MVE_SHAPES(TINY_MVE_AWAY)
    }
}

#endif

/* planes: 16 channels of the whole image are done before the next, and what is read is kept as
 * words, so that `out` may be `in`; else all channels of a row, so that it may lie a few rows
 * below. */
TINY_KERNEL void tiny_mve_depthwise_conv_2d(
    const int8_t *in, const int8_t TINY_ROM *weights, int8_t *out, int8_t *scratch, int16_t first,
    int16_t rows, int16_t in_h, int16_t in_ring, int16_t in_w, int16_t channels, int16_t out_w,
    int16_t stride_h, int16_t stride_w, int16_t pad_top, int16_t pad_left, int8_t pad, bool planes,
    uint8_t scaling, int8_t zero_point, int8_t low, int8_t high) {
#if defined(TINY_MVE)
    const int8x16_t padding = vdupq_n_s8(pad);
    const int32x4_t least = vdupq_n_s32(low);
    const int32x4_t most = vdupq_n_s32(high);
    const int32_t line = out_w * channels;
    /* Columns of the image that are seen. */
    const int32_t seen = (out_w - 1) * stride_w + 3 - pad_left;
    const int32_t count = seen < in_w ? seen : in_w;
    const int32_t together = planes ? 16 : channels;
    for (int32_t begin = 0; begin < channels; begin += together) {
        const int32_t end = begin + together < channels ? begin + together : channels;
        int8_t *to = out;
        int32_t taken;
        for (int32_t y = 0; y < rows; y += taken) {
            taken = stride_h == 1 && stride_w == 1 && y + 1 < rows ? 2 : 1;
            const bool square = taken == 2;
            for (int32_t c = begin; c < end; c += 16) {
                const int32_t valid = end - c < 16 ? end - c : 16;
                const int8_t *from[4];
                int32_t next[4];
                for (int32_t i = 0; i < 4; i++) {
                    int32_t r = (first + y) * stride_h - pad_top + i;
                    /* Keeps gcc 12 from vectors of conditions, which it cannot assemble. */
                    __asm__("" : "+r"(r));
                    const bool inside = r >= 0 && r < in_h;
                    const int32_t held = inside ? tiny_ring((int16_t)r, in_ring, in_h) : 0;
                    next[i] = inside ? channels : 0;
                    from[i] = inside ? in + held * in_w * channels + c : (const int8_t *)&padding;
                }
                int8_t *const columns = scratch + pad_left * TINY_MVE_COLUMN;
                if (planes && y > 0 && stride_h == 1 && stride_w == 1) {
                    tiny_mve_next_columns(columns, from[2], from[3], next[2], next[3], valid,
                                          count);
                } else {
                    (void)tiny_mve_pad_columns(scratch, pad, pad_left);
                    int8_t *const after =
                        tiny_mve_columns(columns, from[0], from[1], from[2], from[3], next[0],
                                         next[1], next[2], next[3], valid, count);
                    (void)tiny_mve_pad_columns(after, pad, seen - count);
                }
                const int32_t per_group = square ? 2 : 4;
                const int32_t rest = out_w % per_group;
                const int32_t step = per_group * channels;
                /* The first group's place is reached from before. */
                const int32_t back = square ? 2 * TINY_MVE_COLUMN : 4 * TINY_MVE_COLUMN;
                tiny_mve_walk_t walk;
                walk.groups = out_w / per_group;
                walk.lanes = square ? (rest > 0 ? 0x00ffu : 0u) : (1u << (4 * rest)) - 1u;
                walk.out_back = 1 - walk.groups * step;
                const int32_t moves = walk.groups + (rest > 0 && !square ? 1 : 0);
                walk.at_back = 4 - moves * per_group * stride_w * TINY_MVE_COLUMN;
                walk.end = weights + 20 * (c + valid);
                const int32x4_t lane = vreinterpretq_s32_u32(vidupq_n_u32(0, 1));
                const int32x4_t places =
                    square ? vmlaq_n_s32(vmulq_n_s32(vandq_s32(lane, vdupq_n_s32(1)), line),
                                         vshrq_n_s32(lane, 1), channels)
                           : vmulq_n_s32(lane, channels);
                const int32x4_t at = vaddq_n_s32(vmulq_n_s32(lane, TINY_MVE_COLUMN),
                                                 (int32_t)(intptr_t)scratch - back);
                tiny_mve_channels(weights + 20 * c, at, places, to + c, step, &walk, square,
                                  stride_w == 2, scaling, zero_point, least, most);
            }
            to += taken * line;
        }
    }
#else
    /* Planes: one channel after the other, of which the last three rows are kept. */
    for (int32_t begin = 0; begin < (planes ? channels : 1); begin++) {
        int32_t next = first * stride_h - pad_top;
        next = next > 0 ? next : 0;
        for (int32_t y = 0; y < rows; y++) {
            const int32_t top = (first + y) * stride_h - pad_top;
            for (; planes && next < in_h && next < top + 3; next++) {
                const int32_t held = tiny_ring((int16_t)next, in_ring, in_h);
                for (int32_t x = 0; x < in_w; x++) {
                    scratch[next % 3 * in_w + x] = in[(held * in_w + x) * channels + begin];
                }
            }
            for (int32_t i = 0; i < (planes ? out_w : out_w * channels); i++) {
                const int32_t x = planes ? i : i / channels;
                const int32_t c = planes ? begin : i % channels;
                const int8_t TINY_ROM *const record = weights + 20 * c;
                int32_t sum = tiny_mve_word(record + 12);
                for (int32_t ky = 0; ky < 3; ky++) {
                    const int32_t r = top + ky;
                    for (int32_t kx = 0; kx < 3; kx++) {
                        const int32_t column = x * stride_w - pad_left + kx;
                        int8_t value = pad;
                        if (r >= 0 && r < in_h && column >= 0 && column < in_w) {
                            const int32_t held = tiny_ring((int16_t)r, in_ring, in_h);
                            value = planes ? scratch[r % 3 * in_w + column]
                                           : in[(held * in_w + column) * channels + c];
                        }
                        sum += value * record[4 * kx + ky];
                    }
                }
                const int32_t scaled =
                    tiny_mve_requantize(sum, tiny_mve_word(record + 16), record[3], scaling);
                out[(y * out_w + x) * channels + c] =
                    (int8_t)tiny_clamp(scaled + zero_point, low, high);
            }
        }
    }
#endif
}

#endif
