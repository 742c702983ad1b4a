/* Convolutions that give one pixel, on Arm's DSP extension: the whole input, in the order in which
 * it lies in memory, is what every output sees. Streaming models are made of such layers, for they
 * compute one step of time a call.
 *
 * stream of tiny_dsp_pixel, for each four outputs: sums and weights as in fully_connected.h; four
 * multipliers; four shifts, a byte each. Of tiny_dsp_depthwise_pixel, for each four channels: four
 * biases, four multipliers, four shifts; then the four weights of each tap, a byte each. A shift is
 * that of the last rounding. */
#ifndef TINY_NN_DSP_PIXEL_H
#define TINY_NN_DSP_PIXEL_H

#include "fully_connected.h"

/* A sum, below 2^23, becomes an output. */
static inline __attribute__((always_inline)) int32_t
tiny_dsp_pixel_output(uint32_t sum, int32_t mult, uint32_t shift, tiny_rounding_t rounding,
                      int16_t zero_twice, int8_t low, int8_t high) {
    const int32_t half = (int32_t)((uint32_t)(int32_t)zero_twice << (shift - 1u));
    int32_t scaled;
    if (rounding == TINY_ROUND_TWICE) {
        scaled = tiny_smmulr((int32_t)(sum << 1), mult);
        scaled += (scaled >> 31) + half;
    } else {
        scaled = tiny_smmla((int32_t)(sum << 8), mult, half + 64);
    }
    const int32_t y = tiny_ssat8(tiny_asr(scaled, shift));
    return low > INT8_MIN || high < INT8_MAX ? tiny_clamp(y, low, high) : y;
}

/* sums += four packed pairs of weights times inputs. */
static inline __attribute__((always_inline)) const uint32_t *
tiny_dsp_pixel_sums(const uint32_t *stream, const uint32_t *x, uint32_t eights, uint32_t sums[4]) {
#if defined(TINY_DSP_ASM)
    register uint32_t w0 __asm__("r3"); /* LDM wants them in this order */
    register uint32_t w1 __asm__("r4");
    register uint32_t w2 __asm__("r5");
    register uint32_t w3 __asm__("r6");
    uint32_t x0, x1;
    __asm__ volatile(
        "1:\n\t" TINY_DSP_DENSE_FOUR TINY_DSP_DENSE_FOUR "subs %[n], %[n], #1\n\t"
        "bne 1b\n\t"
        : [s] "+r"(stream), [x] "+r"(x), [n] "+r"(eights), [x0] "=&r"(x0), [x1] "=&r"(x1),
          [w0] "=&r"(w0), [w1] "=&r"(w1), [w2] "=&r"(w2), [w3] "=&r"(w3), [b] "+r"(sums[0]),
          [a] "+r"(sums[1]), [d] "+r"(sums[2]), [c] "+r"(sums[3])
        :
        : "cc", "memory");
#else
    for (uint32_t i = 0; i < 4 * eights; i++) {
        for (uint32_t pair = 0; pair < 4; pair += 2) {
            const uint32_t weights = *stream++;
            sums[pair] = tiny_smlad(weights, x[i], sums[pair]);
            sums[pair + 1] = tiny_smlad(tiny_sxtb16(weights), x[i], sums[pair + 1]);
        }
    }
#endif
    return stream;
}

/* inputs as int16, in the order of the weights; what meets weights of zero is zero. */
static inline void tiny_dsp_pixel_spread(const int8_t *in, uint32_t *x, uint16_t inputs) {
    for (uint32_t i = inputs >> 2; i != 0; i--) {
        const uint32_t four = tiny_word(in);
        *x++ = tiny_sxtb16(four);
        *x++ = tiny_sxtb16_odd(four);
        in += 4;
    }
    const uint32_t rest = inputs & 3u;
    if (rest != 0) {
        int8_t last[4] = {0, 0, 0, 0};
        memcpy(last, in, rest);
        *x++ = tiny_sxtb16(tiny_word(last));
        *x++ = tiny_sxtb16_odd(tiny_word(last));
    }
    if (((inputs + 3u) & 4u) != 0) {
        x[0] = 0;
        x[1] = 0;
    }
}

/* scratch: 16·⌈inputs/8⌉ bytes; channels: a multiple of four. All inputs are read first. */
TINY_KERNEL void tiny_dsp_pixel(const int8_t *in, const int32_t TINY_ROM *stream, int8_t *out,
                                int8_t *scratch, uint16_t inputs, uint16_t channels,
                                tiny_rounding_t rounding, int16_t zero_point, int8_t low,
                                int8_t high) {
    uint32_t *const x = (uint32_t *)(void *)scratch;
    const uint32_t *s = (const uint32_t *)(const void *)stream;
    const int16_t zero_twice = (int16_t)(2 * zero_point + 1);
    tiny_dsp_pixel_spread(in, x, inputs);
    for (const int8_t *const end = out + channels; out != end; out += 4) {
        uint32_t sums[4] = {s[0], s[1], s[2], s[3]};
        s = tiny_dsp_pixel_sums(s + 4, x, (inputs + 7u) >> 3, sums);
        const uint32_t shifts = s[4];
        sums[0] = (uint32_t)((int32_t)(sums[0] - sums[1]) >> 8);
        sums[2] = (uint32_t)((int32_t)(sums[2] - sums[3]) >> 8);
        out[0] = (int8_t)tiny_dsp_pixel_output(sums[1], (int32_t)s[0], shifts & 0xffu, rounding,
                                               zero_twice, low, high);
        out[1] = (int8_t)tiny_dsp_pixel_output(sums[0], (int32_t)s[1], (shifts >> 8) & 0xffu,
                                               rounding, zero_twice, low, high);
        out[2] = (int8_t)tiny_dsp_pixel_output(sums[3], (int32_t)s[2], (shifts >> 16) & 0xffu,
                                               rounding, zero_twice, low, high);
        out[3] = (int8_t)tiny_dsp_pixel_output(sums[2], (int32_t)s[3], shifts >> 24, rounding,
                                               zero_twice, low, high);
        s += 5;
    }
}

/* sum + x.low·y.low, sum + x.high·y.high. */
static inline uint32_t tiny_smla_low(uint32_t x, uint32_t y, uint32_t sum) {
#if defined(TINY_DSP)
    __asm__("smlabb %0, %1, %2, %3" : "=r"(sum) : "r"(x), "r"(y), "r"(sum));
    return sum;
#else
    return sum + (uint32_t)(tiny_low_half(x) * tiny_low_half(y));
#endif
}

static inline uint32_t tiny_smla_high(uint32_t x, uint32_t y, uint32_t sum) {
#if defined(TINY_DSP)
    __asm__("smlatt %0, %1, %2, %3" : "=r"(sum) : "r"(x), "r"(y), "r"(sum));
    return sum;
#else
    return sum + (uint32_t)(tiny_high_half(x) * tiny_high_half(y));
#endif
}

/* One tap of four channels. */
static inline __attribute__((always_inline)) void tiny_dsp_tap(const int8_t *from, uint32_t weights,
                                                               uint32_t sums[4]) {
    const uint32_t x = tiny_word(from);
    const uint32_t even = tiny_sxtb16(x), odd = tiny_sxtb16_odd(x);
    const uint32_t w_even = tiny_sxtb16(weights), w_odd = tiny_sxtb16_odd(weights);
    sums[0] = tiny_smla_low(even, w_even, sums[0]);
    sums[1] = tiny_smla_low(odd, w_odd, sums[1]);
    sums[2] = tiny_smla_high(even, w_even, sums[2]);
    sums[3] = tiny_smla_high(odd, w_odd, sums[3]);
}

#if defined(TINY_DSP_ASM)
/* One instruction a line. */
/* clang-format off */
#define TINY_DSP_TAP(w) \
    "ldr %[x], [%[from]]\n\t" \
    "add %[from], %[from], %[step]\n\t" \
    "sxtb16 %[y], %[x], ror #8\n\t" \
    "sxtb16 %[x], %[x]\n\t" \
    "sxtb16 %[v], " w ", ror #8\n\t" \
    "sxtb16 " w ", " w "\n\t" \
    "smlabb %[a], %[x], " w ", %[a]\n\t" \
    "smlatt %[c], %[x], " w ", %[c]\n\t" \
    "smlabb %[b], %[y], %[v], %[b]\n\t" \
    "smlatt %[d], %[y], %[v], %[d]\n\t"
/* clang-format on */
#endif

/* Pairs of taps; returns what stands behind their weights. */
static inline __attribute__((always_inline)) const uint32_t *
tiny_dsp_taps(const int8_t *from, const uint32_t *weights, uint32_t pairs, uint32_t step,
              uint32_t sums[4]) {
    if (pairs == 0) {
        return weights;
    }
#if defined(TINY_DSP_ASM)
    uint32_t x, y, v, w0, w1;
    __asm__ volatile("1: ldrd %[w0], %[w1], [%[s]], #8\n\t" TINY_DSP_TAP("%[w0]")
                         TINY_DSP_TAP("%[w1]") "subs %[n], %[n], #1\n\t"
                                               "bne 1b\n\t"
                     : [s] "+r"(weights), [from] "+r"(from), [n] "+r"(pairs), [x] "=&r"(x),
                       [y] "=&r"(y), [v] "=&r"(v), [w0] "=&r"(w0), [w1] "=&r"(w1),
                       [a] "+r"(sums[0]), [b] "+r"(sums[1]), [c] "+r"(sums[2]), [d] "+r"(sums[3])
                     : [step] "r"(step)
                     : "cc", "memory");
#else
    for (; pairs != 0; pairs--) {
        tiny_dsp_tap(from, weights[0], sums);
        tiny_dsp_tap(from + step, weights[1], sums);
        from += 2u * step;
        weights += 2;
    }
#endif
    return weights;
}

/* Four channels at a time, all taps of each; channels: a multiple of four. The input is read up to
 * the channels that are written, and so may lie in the output's place but for them. */
TINY_KERNEL void tiny_dsp_depthwise_pixel(const int8_t *in, const int32_t TINY_ROM *stream,
                                          int8_t *out, uint16_t taps, uint16_t channels,
                                          tiny_rounding_t rounding, int16_t zero_point, int8_t low,
                                          int8_t high) {
    const uint32_t *s = (const uint32_t *)(const void *)stream;
    const int16_t zero_twice = (int16_t)(2 * zero_point + 1);
    for (uint16_t c = 0; c < channels; c = (uint16_t)(c + 4)) {
        const uint32_t *const facts = s;
        const int8_t *from = in + c;
        uint32_t sums[4] = {s[0], s[1], s[2], s[3]};
        s += 9;
        uint32_t left = taps;
        if ((left & 1u) != 0) {
            tiny_dsp_tap(from, *s++, sums);
            from += channels;
        }
        s = tiny_dsp_taps(from, s, left >> 1, channels, sums);
        const uint32_t shifts = facts[8];
        out[c] = (int8_t)tiny_dsp_pixel_output(sums[0], (int32_t)facts[4], shifts & 0xffu, rounding,
                                               zero_twice, low, high);
        out[c + 1] = (int8_t)tiny_dsp_pixel_output(
            sums[1], (int32_t)facts[5], (shifts >> 8) & 0xffu, rounding, zero_twice, low, high);
        out[c + 2] = (int8_t)tiny_dsp_pixel_output(
            sums[2], (int32_t)facts[6], (shifts >> 16) & 0xffu, rounding, zero_twice, low, high);
        out[c + 3] = (int8_t)tiny_dsp_pixel_output(sums[3], (int32_t)facts[7], shifts >> 24,
                                                   rounding, zero_twice, low, high);
    }
}

#endif
