/* Fully connected layer, int8: out[r][o] = Σ weights[o][i]·in[r][i] + bias[o], requantized.
 *
 * bias already holds −zero_point·Σweights, so that inputs enter as they are. The compiler has
 * proved for each layer that mult and shift give the reference's byte for every sum that can
 * occur; the sum cannot overflow 32 bits (checked there too). */
#ifndef TINY_NN_FULLY_CONNECTED_H
#define TINY_NN_FULLY_CONNECTED_H

#include "dot.h"
#include "fixed.h"

TINY_KERNEL void tiny_fully_connected(const int8_t *in, const int8_t TINY_ROM *weights,
                                      const int32_t TINY_ROM *bias, int8_t *out, uint16_t rows,
                                      uint16_t inputs, uint16_t outputs, int32_t mult, int8_t shift,
                                      tiny_rounding_t rounding, int8_t zero_point, int8_t low,
                                      int8_t high) {
    for (uint16_t r = 0; r < rows; r++) {
        const int8_t TINY_ROM *row = weights;
        for (uint16_t o = 0; o < outputs; o++) {
            const int32_t sum = tiny_dot(in, row, bias[o], inputs);
            const int32_t scaled = tiny_requantize(sum, mult, shift, rounding) + zero_point;
            out[o] = (int8_t)tiny_clamp(scaled, low, high);
            row += inputs;
        }
        in += inputs;
        out += outputs;
    }
}

/* The same with a scale for each output. */
TINY_KERNEL void tiny_fully_connected_per_channel(const int8_t *in, const int8_t TINY_ROM *weights,
                                                  const int32_t TINY_ROM *bias, int8_t *out,
                                                  uint16_t rows, uint16_t inputs, uint16_t outputs,
                                                  const int32_t TINY_ROM *mult,
                                                  const int8_t TINY_ROM *shift,
                                                  tiny_rounding_t rounding, int8_t zero_point,
                                                  int8_t low, int8_t high) {
    for (uint16_t r = 0; r < rows; r++) {
        const int8_t TINY_ROM *row = weights;
        for (uint16_t o = 0; o < outputs; o++) {
            const int32_t sum = tiny_dot(in, row, bias[o], inputs);
            const int32_t scaled = tiny_requantize(sum, mult[o], shift[o], rounding) + zero_point;
            out[o] = (int8_t)tiny_clamp(scaled, low, high);
            row += inputs;
        }
        in += inputs;
        out += outputs;
    }
}

#endif
