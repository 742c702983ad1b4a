/* Fully connected layer, int8, one scale, four outputs at a time: each input is loaded once for
 * four products. weights: for each four outputs [inputs][4], the last four filled up with zeros;
 * bias likewise. For mult, added and down see fully_connected.h. */
#ifndef TINY_NN_SCALAR_FOUR_ROWS_H
#define TINY_NN_SCALAR_FOUR_ROWS_H

#include "tile.h"

TINY_KERNEL void tiny_scalar_four_rows(const int8_t *in, const int8_t *weights, const int32_t *bias,
                                       int8_t *out, uint16_t rows, uint16_t inputs,
                                       uint16_t outputs, int32_t mult, int32_t added, int8_t down,
                                       int8_t low, int8_t high) {
    const int8_t *const end = out + (uint32_t)rows * outputs;
    while (out != end) {
        const int8_t *weight = weights;
        for (uint16_t o = 0; o < outputs; o = (uint16_t)(o + 4)) {
            int32_t sums[4] = {bias[o], bias[o + 1], bias[o + 2], bias[o + 3]};
            const int8_t *x = in;
            const int8_t *const last = x + inputs;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 4
#endif
            do {
                const int32_t value = *x++;
                sums[0] += value * weight[0];
                sums[1] += value * weight[1];
                sums[2] += value * weight[2];
                sums[3] += value * weight[3];
                weight += 4;
            } while (x != last);
            for (uint16_t i = 0; i < 4 && o + i < outputs; i++) {
                const int32_t scaled = (tiny_high(sums[i], mult) + added) >> down;
                *out++ = (int8_t)tiny_clamp(scaled, low, high);
            }
        }
        in += inputs;
    }
}

#endif
