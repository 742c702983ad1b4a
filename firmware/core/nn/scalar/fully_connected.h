/* Fully connected layer, int8, one scale, two multiply-accumulates by one multiplication.
 *
 * As in tile.h, but it is two rows of weights that share a word, w1·2^16 + w0, which takes four
 * bytes of flash for two weights. The stream is of words, for each group of twelve outputs: what
 * its six pairs' totals begin with (both biases, the second 2^16 times, less what the chunks begin
 * with), what the six high halves begin with (the second bias), and for each chunk of 1..24 inputs
 * a word, 64 times its length and 2^16 times the bytes to the next such word, and six words for
 * each input; a word 0 ends the group. The last group is filled up with zeros.
 *
 * An output is sum·mult / 2^(32 + down), rounded half up once, plus the zero point; half and zero
 * point come in one number, added before the shift. */
#ifndef TINY_NN_SCALAR_FULLY_CONNECTED_H
#define TINY_NN_SCALAR_FULLY_CONNECTED_H

#include <string.h>

#include "../kernel.h"
#include "rv32.h"

#define TINY_TWELVE 12

typedef struct {
    int32_t mult;
    int32_t added;
    int32_t down;
    int32_t low;
    int32_t high;
} tiny_once_t;

#if defined(__riscv_mul) && defined(__riscv_compressed) && __riscv_xlen == 32 &&                   \
    !defined(__riscv_32e) && defined(__GNUC__)
#include "twelve_rv32.h"
#else

/* `groups` groups of twelve outputs; returns the weights of the next. */
static __attribute__((noinline, unused)) const int32_t *
tiny_twelves(const int8_t *in, const int32_t *weights, int8_t *out, const tiny_once_t *once,
             uint16_t groups) {
    for (; groups > 0; groups--) {
        uint32_t total[6];
        int32_t high[6];
        for (int8_t i = 0; i < 6; i++) {
            total[i] = (uint32_t)weights[i];
            high[i] = weights[6 + i];
        }
        weights += 12;
        const int8_t *x = in;
        for (int32_t n = *weights++; n != 0; n = *weights++) {
            uint32_t chunk[6];
            for (int8_t i = 0; i < 6; i++) {
                chunk[i] = (uint32_t)1 << 15;
            }
            const int8_t *const end = x + ((n & 0xffff) >> 6);
            for (; x != end; x++) {
                for (int8_t i = 0; i < 6; i++) {
                    chunk[i] += (uint32_t)*weights++ * (uint32_t)(int32_t)*x;
                }
            }
            for (int8_t i = 0; i < 6; i++) {
                total[i] += chunk[i];
                high[i] += (int32_t)chunk[i] >> 16;
            }
        }
        for (int8_t i = 0; i < 12; i++) {
            const uint32_t upper = (uint32_t)high[i / 2] << 16;
            const int32_t sum = i % 2 != 0 ? high[i / 2] : (int32_t)(total[i / 2] - upper);
            const int32_t scaled = (int32_t)(((int64_t)sum * once->mult) >> 32);
            *out++ =
                (int8_t)tiny_clamp((scaled + once->added) >> once->down, once->low, once->high);
        }
    }
    return weights;
}

#endif

TINY_KERNEL void tiny_scalar_fully_connected(const int8_t *in, const int32_t *weights, int8_t *out,
                                             uint16_t rows, uint16_t inputs, uint16_t outputs,
                                             int32_t mult, int32_t added, int8_t down, int8_t low,
                                             int8_t high) {
    const tiny_once_t once = {mult, added, down, low, high};
    const uint16_t groups = outputs / TINY_TWELVE;
    const uint16_t rest = outputs % TINY_TWELVE;
    for (uint16_t r = 0; r < rows; r++) {
        const int32_t *const last = tiny_twelves(in, weights, out, &once, groups);
        out += groups * TINY_TWELVE;
        if (rest != 0) {
            int8_t some[TINY_TWELVE];
            tiny_twelves(in, last, some, &once, 1);
            memcpy(out, some, rest);
            out += rest;
        }
        in += inputs;
    }
}

#endif
