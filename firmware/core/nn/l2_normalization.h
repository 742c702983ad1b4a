/* x / |x| along the last axis, int8 to int8 (scale 1/128, zero point 0).
 * Source: TFLite reference_integer_ops::L2Normalization. */
#ifndef TINY_NN_L2_NORMALIZATION_H
#define TINY_NN_L2_NORMALIZATION_H

#include "inverse_sqrt.h"

TINY_KERNEL void tiny_l2_normalization(const int8_t *in, int8_t *out, uint32_t rows, uint16_t depth,
                                       int8_t in_zero_point) {
    for (uint32_t r = 0; r < rows; r++) {
        int32_t squares = 0;
        for (uint16_t i = 0; i < depth; i++) {
            const int32_t x = (int32_t)in[i] - in_zero_point;
            squares += x * x;
        }
        const tiny_inverse_sqrt_t length = tiny_inverse_sqrt(squares);
        for (uint16_t i = 0; i < depth; i++) {
            const int32_t x = (int32_t)in[i] - in_zero_point;
            const int8_t shift = (int8_t)(length.shift + 7);
            const int32_t scaled = tiny_requantize(x, length.mult, shift, TINY_ROUND_TWICE);
            out[i] = (int8_t)tiny_clamp(scaled, INT8_MIN, INT8_MAX);
        }
        in += depth;
        out += depth;
    }
}

#endif
