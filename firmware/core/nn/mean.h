/* Mean over the middle axis of [outer][reduced][inner], requantized (TFLite's MEAN, int8). */
#ifndef TINY_NN_MEAN_H
#define TINY_NN_MEAN_H

#include "fixed.h"

TINY_KERNEL void tiny_mean(const int8_t *in, int8_t *out, uint16_t outer, uint16_t reduced,
                           uint16_t inner, int8_t in_zero_point, int32_t mult, int8_t shift,
                           int8_t zero_point) {
    for (uint16_t o = 0; o < outer; o++) {
        for (uint16_t i = 0; i < inner; i++) {
            int32_t sum = -(int32_t)in_zero_point * (int32_t)reduced;
            for (uint16_t r = 0; r < reduced; r++) {
                sum += in[(uint32_t)r * inner + i];
            }
            const int32_t scaled = tiny_requantize(sum, mult, shift, TINY_ROUND_TWICE);
            *out++ = (int8_t)tiny_clamp(scaled + zero_point, INT8_MIN, INT8_MAX);
        }
        in += (uint32_t)reduced * inner;
    }
}

#endif
