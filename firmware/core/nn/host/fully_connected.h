/* Fully connected layer, int8, for vectors (see dots.h).
 *
 * weights: int16 [outputs to a multiple of 4][inputs to a multiple of TINY_VECTOR], filled up with
 * zeros, bias likewise; mult and shift: `scales` of them, one, or one for each output; patch: room
 * for a row of weights. */
#ifndef TINY_NN_HOST_FULLY_CONNECTED_H
#define TINY_NN_HOST_FULLY_CONNECTED_H

#include "dots.h"

TINY_KERNEL void tiny_host_fully_connected(const int8_t *in, const int16_t *weights,
                                           const int32_t *bias, const int32_t *mult,
                                           const int8_t *shift, int8_t *out, void *patch,
                                           uint16_t rows, uint16_t inputs, uint16_t outputs,
                                           int32_t products, uint16_t scales,
                                           tiny_rounding_t rounding, int8_t zero_point, int8_t low,
                                           int8_t high) {
    int16_t *const seen = (int16_t *)patch;
    tiny_host_fill(seen + inputs, 0, products - inputs);
    for (uint16_t r = 0; r < rows; r++) {
        tiny_host_widen(in, seen, inputs);
        in += inputs;
        for (uint16_t o = 0; o < outputs; o = (uint16_t)(o + 4)) {
            int32_t sums[4];
            tiny_host_dots(seen, weights + o * products, products, sums);
            for (uint16_t i = o; i < o + 4 && i < outputs; i++) {
                const uint16_t s = scales == 1 ? 0 : i;
                const int32_t scaled =
                    tiny_requantize(sums[i - o] + bias[i], mult[s], shift[s], rounding);
                *out++ = (int8_t)tiny_clamp(scaled + zero_point, low, high);
            }
        }
    }
}

#endif
