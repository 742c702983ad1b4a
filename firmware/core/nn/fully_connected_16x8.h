/* Fully connected layer, int16 with int8 weights; zero points are 0.
 *
 * out[r][o] = Σ weights[o][i]·in[r][i] + bias[o], requantized with entry o, or with entry 0 where
 * per_channel is false. What bias_high, low and wide mean stands in fixed_16x8.h. */
#ifndef TINY_NN_FULLY_CONNECTED_16X8_H
#define TINY_NN_FULLY_CONNECTED_16X8_H

#include "dot_16x8.h"
#include "fixed_16x8.h"

TINY_KERNEL void tiny_fully_connected_16x8(
    const int16_t *in, const int8_t TINY_ROM *weights, const int32_t TINY_ROM *bias,
    const int32_t TINY_ROM *bias_high, const int32_t TINY_ROM *mult, const int32_t TINY_ROM *low,
    const int8_t TINY_ROM *shift, int16_t *out, uint16_t rows, uint16_t inputs, uint16_t outputs,
    bool per_channel, tiny_rounding_t rounding, bool wide, int16_t least, int16_t most) {
    for (uint16_t r = 0; r < rows; r++) {
        const int8_t TINY_ROM *row = weights;
        for (uint16_t o = 0; o < outputs; o++) {
            const int64_t start = tiny_bias_16x8(o, bias, bias_high);
            const int64_t sum = tiny_dot_16x8(in, row, start, inputs, wide);
            const uint16_t c = per_channel ? o : 0;
            out[o] = tiny_output_16x8(sum, c, mult, low, shift, rounding, wide, least, most);
            row += inputs;
        }
        in += inputs;
        out += outputs;
    }
}

#endif
