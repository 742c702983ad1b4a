/* The inner loops of depthwise_conv_2d.h: four channels (lanes) of one or two output rows. */
#ifndef TINY_NN_DSP_LANES_H
#define TINY_NN_DSP_LANES_H

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

/* What the four lanes of one or two output rows need. */
typedef struct {
    const tiny_dsp_column_t *in;
    int8_t *out;
    int32_t bias;
    uint32_t shift;
    int32_t mult;
    int32_t half;
    uint32_t step;     /* bytes from one output to the next */
    uint32_t row_step; /* and to the next row; 0 where there is none */
    const tiny_dsp_taps_t *taps;
    const void *end;
    uint32_t length; /* bytes of columns that are taken for pairs of outputs */
    uint32_t odd;    /* is there one more output? */
    uint32_t lanes;
} tiny_dsp_lanes_t;

#if defined(TINY_DSP_ASM)
/* One instruction a line. */
/* clang-format off */

/* One column into sums: a0 and a1 of two neighbours in the first row, b0 and b1 in the second. */
#define TINY_DSP_ROWS(n, x)                                                                        \
    "smlad %[a" n "], %[d0], %[t" x "], %[a" n "]\n\t"                                             \
    "smlatb %[b" n "], %[d0], %[t" x "], %[b" n "]\n\t"                                            \
    "smlabt %[a" n "], %[d1], %[u" x "], %[a" n "]\n\t"                                            \
    "smlad %[b" n "], %[d1], %[u" x "], %[b" n "]\n\t"
#define TINY_DSP_ROW(n, x)                                                                         \
    "smlad %[a" n "], %[d0], %[t" x "], %[a" n "]\n\t"                                             \
    "smlabt %[a" n "], %[d1], %[u" x "], %[a" n "]\n\t"
#define TINY_DSP_LANE_POSITIVE(sum) "smmlar %[" sum "], %[" sum "], %[d0], %[d1]\n\t"
#define TINY_DSP_LANE_ANY(sum)                                                                    \
    "smmulr %[" sum "], %[" sum "], %[d0]\n\t"                                                     \
    "add %[" sum "], %[" sum "], %[" sum "], asr #31\n\t"                                          \
    "add %[" sum "], %[" sum "], %[d1]\n\t"
#define TINY_DSP_SHIFT(sum)                                                                        \
    "asr %[" sum "], %[" sum "], %[d0]\n\t"                                                        \
    "ssat %[" sum "], #8, %[" sum "]\n\t"

/* The next lane's constants into registers, and to where the loop finds them. */
#define TINY_DSP_LANE_BEGIN                                                                        \
    "1: ldr %[d0], %[taps]\n\t"                                                                    \
    "ldrd %[t0], %[t1], [%[d0]], #8\n\t"                                                           \
    "ldrd %[t2], %[u0], [%[d0]], #8\n\t"                                                           \
    "ldrd %[u1], %[u2], [%[d0]], #8\n\t"                                                           \
    "ldrd %[a0], %[a1], [%[d0]], #8\n\t"                                                           \
    "strd %[a0], %[a1], %[bias]\n\t"                                                               \
    "ldrd %[a0], %[a1], [%[d0]], #8\n\t"                                                           \
    "strd %[a0], %[a1], %[mult]\n\t"                                                               \
    "str %[d0], %[taps]\n\t"                                                                       \
    "ldrd %[in], %[out], %[from]\n\t"                                                              \
    "add %[a0], %[in], #8\n\t"                                                                     \
    "add %[a1], %[out], #1\n\t"                                                                    \
    "strd %[a0], %[a1], %[from]\n\t"                                                               \
    "ldr %[d0], %[length]\n\t"                                                                     \
    "add %[d0], %[d0], %[in]\n\t"                                                                  \
    "str %[d0], %[end]\n\t"                                                                        \
    "b 3f\n\t"
#define TINY_DSP_LANE_LOOP                                                                         \
    "3: ldr %[d0], %[end]\n\t"                                                                     \
    "cmp %[in], %[d0]\n\t"                                                                         \
    "bne 2b\n\t"                                                                                   \
    "ldr %[d0], %[odd]\n\t"                                                                        \
    "cmp %[d0], #0\n\t"                                                                            \
    "beq 4f\n\t"
#define TINY_DSP_LANE_END                                                                          \
    "4: ldr %[d0], %[lanes]\n\t"                                                                   \
    "subs %[d0], %[d0], #1\n\t"                                                                    \
    "str %[d0], %[lanes]\n\t"                                                                      \
    "bne 1b\n\t"

/* Two output rows at stride 1. The second is written first: with row_step 0 it is as if it had
 * not been. */
#define TINY_DSP_LANES_1(ROUND) \
    TINY_DSP_LANE_BEGIN \
    "2: ldrd %[d0], %[d1], [%[in]], #32\n\t" \
    "ldr %[a1], %[bias]\n\t" \
    "smlad %[a0], %[d0], %[t0], %[a1]\n\t" \
    "smlatb %[b0], %[d0], %[t0], %[a1]\n\t" \
    "smlabt %[a0], %[d1], %[u0], %[a0]\n\t" \
    "smlad %[b0], %[d1], %[u0], %[b0]\n\t" \
    "ldrd %[d0], %[d1], [%[in]], #32\n\t" \
    TINY_DSP_ROWS("0", "1") \
    "smlatb %[b1], %[d0], %[t0], %[a1]\n\t" \
    "smlad %[a1], %[d0], %[t0], %[a1]\n\t" \
    "smlabt %[a1], %[d1], %[u0], %[a1]\n\t" \
    "smlad %[b1], %[d1], %[u0], %[b1]\n\t" \
    "ldrd %[d0], %[d1], [%[in]]\n\t" \
    TINY_DSP_ROWS("0", "2") \
    TINY_DSP_ROWS("1", "1") \
    "ldrd %[d0], %[d1], [%[in], #32]\n\t" \
    TINY_DSP_ROWS("1", "2") \
    "ldrd %[d0], %[d1], %[mult]\n\t" \
    ROUND("a0") ROUND("b0") ROUND("a1") ROUND("b1") \
    "ldr %[d0], %[shift]\n\t" \
    TINY_DSP_SHIFT("a0") TINY_DSP_SHIFT("b0") \
    TINY_DSP_SHIFT("a1") TINY_DSP_SHIFT("b1") \
    "ldrd %[d0], %[d1], %[steps]\n\t" \
    "strb %[b0], [%[out], %[d1]]\n\t" \
    "add %[d1], %[d1], %[d0]\n\t" \
    "strb %[b1], [%[out], %[d1]]\n\t" \
    "strb %[a0], [%[out]]\n\t" \
    "strb %[a1], [%[out], %[d0]]\n\t" \
    "add %[out], %[out], %[d0], lsl #1\n\t" \
    TINY_DSP_LANE_LOOP \
    "ldrd %[d0], %[d1], [%[in]]\n\t" \
    "ldr %[a0], %[bias]\n\t" \
    "mov %[b0], %[a0]\n\t" \
    TINY_DSP_ROWS("0", "0") \
    "ldrd %[d0], %[d1], [%[in], #32]\n\t" \
    TINY_DSP_ROWS("0", "1") \
    "ldrd %[d0], %[d1], [%[in], #64]\n\t" \
    TINY_DSP_ROWS("0", "2") \
    "ldrd %[d0], %[d1], %[mult]\n\t" \
    ROUND("a0") ROUND("b0") \
    "ldr %[d0], %[shift]\n\t" \
    TINY_DSP_SHIFT("a0") TINY_DSP_SHIFT("b0") \
    "ldrd %[d0], %[d1], %[steps]\n\t" \
    "strb %[b0], [%[out], %[d1]]\n\t" \
    "strb %[a0], [%[out]]\n\t" \
    TINY_DSP_LANE_END

/* One output row at stride 2. */
#define TINY_DSP_LANES_2(ROUND) \
    TINY_DSP_LANE_BEGIN \
    "2: ldrd %[d0], %[d1], [%[in]], #32\n\t" \
    "ldr %[a1], %[bias]\n\t" \
    "smlad %[a0], %[d0], %[t0], %[a1]\n\t" \
    "smlabt %[a0], %[d1], %[u0], %[a0]\n\t" \
    "ldrd %[d0], %[d1], [%[in]], #32\n\t" \
    TINY_DSP_ROW("0", "1") \
    "ldrd %[d0], %[d1], [%[in]], #32\n\t" \
    TINY_DSP_ROW("0", "2") TINY_DSP_ROW("1", "0") \
    "ldrd %[d0], %[d1], [%[in]], #32\n\t" \
    TINY_DSP_ROW("1", "1") \
    "ldrd %[d0], %[d1], [%[in]]\n\t" \
    TINY_DSP_ROW("1", "2") \
    "ldrd %[d0], %[d1], %[mult]\n\t" \
    ROUND("a0") ROUND("a1") \
    "ldr %[d0], %[shift]\n\t" \
    TINY_DSP_SHIFT("a0") TINY_DSP_SHIFT("a1") \
    "ldr %[d0], %[steps]\n\t" \
    "strb %[a0], [%[out]]\n\t" \
    "strb %[a1], [%[out], %[d0]]\n\t" \
    "add %[out], %[out], %[d0], lsl #1\n\t" \
    TINY_DSP_LANE_LOOP \
    "ldrd %[d0], %[d1], [%[in]]\n\t" \
    "ldr %[a0], %[bias]\n\t" \
    TINY_DSP_ROW("0", "0") \
    "ldrd %[d0], %[d1], [%[in], #32]\n\t" \
    TINY_DSP_ROW("0", "1") \
    "ldrd %[d0], %[d1], [%[in], #64]\n\t" \
    TINY_DSP_ROW("0", "2") \
    "ldrd %[d0], %[d1], %[mult]\n\t" \
    ROUND("a0") \
    "ldr %[d0], %[shift]\n\t" \
    TINY_DSP_SHIFT("a0") \
    "strb %[a0], [%[out]]\n\t" \
    TINY_DSP_LANE_END

/* clang-format on */

/* The registers and the memory of those macros. */
#define TINY_DSP_LANES_RUN(text)                                                                   \
    __asm__ volatile(                                                                              \
        text                                                                                       \
        : [in] "=&r"(in), [out] "=&r"(out), [d0] "=&r"(d0), [d1] "=&r"(d1), [a0] "=&r"(a0),        \
          [a1] "=&r"(a1), [b0] "=&r"(b0), [b1] "=&r"(b1), [t0] "=&r"(t0), [t1] "=&r"(t1),          \
          [t2] "=&r"(t2), [u0] "=&r"(u0), [u1] "=&r"(u1), [u2] "=&r"(u2), "+m"(*state)             \
        : [from] "m"(state->in), [bias] "m"(state->bias), [shift] "m"(state->shift),               \
          [mult] "m"(state->mult), [steps] "m"(state->step), [taps] "m"(state->taps),              \
          [end] "m"(state->end), [length] "m"(state->length), [odd] "m"(state->odd),               \
          [lanes] "m"(state->lanes)                                                                \
        : "cc", "memory")
#else
static inline int8_t tiny_dsp_lane_output(uint32_t sum, const tiny_dsp_taps_t *taps,
                                          tiny_rounding_t rounding) {
    int32_t first = tiny_smmulr((int32_t)sum, taps->mult);
    if (rounding != TINY_ROUND_TWICE_POSITIVE) {
        first += first >> 31;
    }
    return (int8_t)tiny_ssat8(tiny_asr(first + taps->half, taps->shift));
}

static inline void tiny_dsp_lane(const tiny_dsp_lanes_t *state, uint32_t lane, uint32_t stride,
                                 tiny_rounding_t rounding) {
    const tiny_dsp_taps_t *const taps = &state->taps[lane];
    const tiny_dsp_column_t *in = state->in;
    int8_t *out = state->out + lane;
    const uint32_t columns = state->length / (32u * stride) + state->odd;
    for (uint32_t n = columns; n != 0; n--, in += stride, out += state->step) {
        uint32_t a = (uint32_t)taps->bias;
        uint32_t b = a;
        for (uint32_t x = 0; x < 3; x++) {
            const uint32_t upper = in[x].lane[lane].upper;
            const uint32_t lower = in[x].lane[lane].lower;
            a = tiny_smlad(upper, taps->top[x], a);
            a = tiny_smlad(lower & 0xffffu, taps->bottom[x] >> 16, a);
            b = tiny_smlad(upper >> 16, taps->top[x] & 0xffffu, b);
            b = tiny_smlad(lower, taps->bottom[x], b);
        }
        if (stride == 1) {
            out[state->row_step] = tiny_dsp_lane_output(b, taps, rounding);
        }
        out[0] = tiny_dsp_lane_output(a, taps, rounding);
    }
}
#endif

static inline __attribute__((always_inline)) void
tiny_dsp_lanes(tiny_dsp_lanes_t *state, uint32_t stride, tiny_rounding_t rounding) {
#if defined(TINY_DSP_ASM)
    uint32_t in, out, t0, t1, t2, u0, u1, u2, d0, d1, a0, a1, b0, b1;
    if (stride == 1 && rounding == TINY_ROUND_TWICE_POSITIVE) {
        TINY_DSP_LANES_RUN(TINY_DSP_LANES_1(TINY_DSP_LANE_POSITIVE));
    } else if (stride == 1) {
        TINY_DSP_LANES_RUN(TINY_DSP_LANES_1(TINY_DSP_LANE_ANY));
    } else if (rounding == TINY_ROUND_TWICE_POSITIVE) {
        TINY_DSP_LANES_RUN(TINY_DSP_LANES_2(TINY_DSP_LANE_POSITIVE));
    } else {
        TINY_DSP_LANES_RUN(TINY_DSP_LANES_2(TINY_DSP_LANE_ANY));
    }
#else
    for (uint32_t lane = 0; lane < TINY_DSP_LANES; lane++) {
        tiny_dsp_lane(state, lane, stride, rounding);
    }
#endif
}

#endif
