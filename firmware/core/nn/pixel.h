/* Convolutions that give one pixel: the whole input, in the order in which it lies in memory, is
 * what every output sees. Streaming models are made of such layers, for they compute one step of
 * time a call. Four outputs at a time share what is read. */
#ifndef TINY_NN_PIXEL_H
#define TINY_NN_PIXEL_H

#include "dot.h"
#include "fixed.h"

TINY_INNER int8_t tiny_pixel_output(int32_t sum, int32_t mult, int8_t shift,
                                    tiny_rounding_t rounding, int16_t zero_point, int8_t low,
                                    int8_t high) {
    return (int8_t)tiny_clamp(tiny_requantize(sum, mult, shift, rounding) + zero_point, low, high);
}

/* weights: [channels / 4][inputs][4]; channels: a multiple of four. */
TINY_KERNEL void tiny_pixel(const int8_t *in, const int8_t TINY_ROM *weights,
                            const int32_t TINY_ROM *bias, const int32_t TINY_ROM *mult,
                            const int8_t TINY_ROM *shift, int8_t *out, uint16_t inputs,
                            uint16_t channels, tiny_rounding_t rounding, int16_t zero_point,
                            int8_t low, int8_t high) {
    for (uint16_t c = 0; c < channels; c = (uint16_t)(c + 4)) {
        int32_t a = bias[c], b = bias[c + 1], d = bias[c + 2], e = bias[c + 3];
        for (const int8_t *x = in, *const end = in + inputs; x != end; x++) {
            a += tiny_times(*x, weights[0]);
            b += tiny_times(*x, weights[1]);
            d += tiny_times(*x, weights[2]);
            e += tiny_times(*x, weights[3]);
            weights += 4;
        }
        const int32_t sums[4] = {a, b, d, e};
        for (uint8_t i = 0; i < 4; i++) {
            out[c + i] = tiny_pixel_output(sums[i], mult[c + i], shift[c + i], rounding, zero_point,
                                           low, high);
        }
    }
}

/* Depthwise; weights: [channels / 4][taps][4]; channels: a multiple of four. */
TINY_KERNEL void tiny_depthwise_pixel(const int8_t *in, const int8_t TINY_ROM *weights,
                                      const int32_t TINY_ROM *bias, const int32_t TINY_ROM *mult,
                                      const int8_t TINY_ROM *shift, int8_t *out, uint16_t taps,
                                      uint16_t channels, tiny_rounding_t rounding,
                                      int16_t zero_point, int8_t low, int8_t high) {
    for (uint16_t c = 0; c < channels; c = (uint16_t)(c + 4)) {
        int32_t a = bias[c], b = bias[c + 1], d = bias[c + 2], e = bias[c + 3];
        const int8_t *x = in + c;
        for (uint16_t tap = taps; tap != 0; tap--) {
            a += tiny_times(x[0], weights[0]);
            b += tiny_times(x[1], weights[1]);
            d += tiny_times(x[2], weights[2]);
            e += tiny_times(x[3], weights[3]);
            x += channels;
            weights += 4;
        }
        const int32_t sums[4] = {a, b, d, e};
        for (uint8_t i = 0; i < 4; i++) {
            out[c + i] = tiny_pixel_output(sums[i], mult[c + i], shift[c + i], rounding, zero_point,
                                           low, high);
        }
    }
}

#endif
