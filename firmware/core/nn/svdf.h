/* SVDF, int8 with an int16 state: a fully-connected layer over time, factored by rank.
 *
 * Each of units·rank filters keeps its last `memory` activations, oldest first; the new one is
 * features·in, and an output is the sum over its filters of time·activations.
 *
 * Source: TFLite reference/svdf.h, EvalIntegerSVDF. */
#ifndef TINY_NN_SVDF_H
#define TINY_NN_SVDF_H

#include <string.h>

#include "dot.h"
#include "fixed.h"

TINY_KERNEL void tiny_svdf(const int8_t *in, const int8_t TINY_ROM *features,
                           const int32_t TINY_ROM *feature_bias, const int16_t TINY_ROM *time,
                           const int32_t TINY_ROM *bias, int16_t *state, int8_t *out,
                           uint16_t inputs, uint16_t units, uint16_t rank, uint16_t memory,
                           int32_t mult_1, int8_t shift_1, int32_t mult_2, int8_t shift_2,
                           int16_t zero_point) {
    const uint32_t places = (uint32_t)units * rank * memory;
    memmove(state, state + 1, (size_t)((places - 1u) * 2u));
    for (uint16_t u = 0; u < units; u++) {
        /* Sums wrap as they do in 32 bits. */
        uint32_t sum = 0;
        for (uint16_t r = 0; r < rank; r++) {
            const int32_t fresh = tiny_dot(in, features, *feature_bias, inputs);
            const int32_t scaled = tiny_requantize(fresh, mult_1, shift_1, TINY_ROUND_TWICE);
            state[memory - 1] = (int16_t)tiny_clamp(scaled, INT16_MIN, INT16_MAX);
            for (uint16_t i = 0; i < memory; i++) {
                sum += (uint32_t)((int32_t)state[i] * time[i]);
            }
            features += inputs;
            feature_bias++;
            time += memory;
            state += memory;
        }
        const int32_t total = (int32_t)(sum + (uint32_t)bias[u]);
        const int32_t y = tiny_requantize(total, mult_2, shift_2, TINY_ROUND_TWICE) + zero_point;
        out[u] = (int8_t)tiny_clamp(y, -128, 127);
    }
}

#endif
