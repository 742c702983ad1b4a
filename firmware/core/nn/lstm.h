/* UNIDIRECTIONAL_SEQUENCE_LSTM: int8 activations and weights, int16 cell state and gates.
 *
 * A gate is activate(W·in + R·state + peephole∘cell + bias), all sums scaled to three integer bits
 * and saturated to 16 bits as they are added; with layer normalization the bias comes after it.
 * Gates stand in the order input, forget, cell, output; the input gate is absent where it is
 * coupled to the forget gate (1 − forget). Zero points are in the biases.
 *
 * Source: TFLite lstm_eval.cc, EvalInteger8x8_16, and portable_tensor_utils.cc. */
#ifndef TINY_NN_LSTM_H
#define TINY_NN_LSTM_H

#include "dot.h"
#include "fixed.h"
#include "inverse_sqrt.h"
#include "sigmoid_16.h"

/* What stands in `scales` for each gate: (mult, shift) of TFLite's double rounding, thrice for what
 * is added, once for the normalization, and the least variance of the latter. */
enum {
    TINY_LSTM_IN = 0,
    TINY_LSTM_STATE = 2,
    TINY_LSTM_PEEPHOLE = 4,
    TINY_LSTM_NORM = 6,
    TINY_LSTM_GUARD = 8,
    TINY_LSTM_SCALES = 9
};

static inline int16_t tiny_saturate_16(int32_t x) {
    return (int16_t)tiny_clamp(x, INT16_MIN, INT16_MAX);
}

static inline int32_t tiny_lstm_scaled(int32_t x, const int32_t TINY_ROM *scale) {
    return tiny_requantize(x, scale[0], (int8_t)scale[1], TINY_ROUND_TWICE);
}

/* gate[i] = normalized gate[i], times weight[i], plus bias[i]: ApplyLayerNorm. */
TINY_INNER void tiny_lstm_normalize(int16_t *gate, const int16_t TINY_ROM *weight,
                                    const int32_t TINY_ROM *bias, const int32_t TINY_ROM *scales,
                                    uint16_t cells) {
    int64_t sum = 0, squares = 0;
    for (uint16_t i = 0; i < cells; i++) {
        sum += gate[i];
        squares += (int32_t)gate[i] * gate[i];
    }
    const int32_t mean = (int32_t)(sum * 1024 / cells);
    const int32_t share = (INT32_C(1) << 20) / cells;
    int32_t variance = (int32_t)((squares * share - (int64_t)mean * mean) / (INT32_C(1) << 20));
    if (variance < 1) {
        variance = scales[TINY_LSTM_GUARD];
    }
    const tiny_inverse_sqrt_t inverse = tiny_inverse_sqrt(variance);
    for (uint16_t i = 0; i < cells; i++) {
        const int32_t centred = 1024 * (int32_t)gate[i] - mean;
        const int32_t unit =
            tiny_requantize(centred, inverse.mult, inverse.shift, TINY_ROUND_TWICE);
        /* Sums wrap as they do in 32 bits. */
        const int32_t whole =
            (int32_t)((uint32_t)unit * (uint32_t)(int32_t)weight[i] + (uint32_t)bias[i]);
        const int64_t wide = whole;
        const int32_t part = (int32_t)((wide > 0 ? wide + 512 : wide - 512) / 1024);
        gate[i] = tiny_saturate_16(tiny_lstm_scaled(part, scales + TINY_LSTM_NORM));
    }
}

TINY_KERNEL void tiny_lstm(const int8_t *in, int8_t *out, int8_t *state, int16_t *cell,
                           int8_t *memory, const int8_t TINY_ROM *weights,
                           const int8_t TINY_ROM *recurrent, const int32_t TINY_ROM *bias,
                           const int16_t TINY_ROM *peephole, const int16_t TINY_ROM *norm,
                           const int32_t TINY_ROM *norm_bias, const int8_t TINY_ROM *projection,
                           const int32_t TINY_ROM *projection_bias, const int32_t TINY_ROM *scales,
                           bool coupled, bool peepholes, bool normalized, bool projected,
                           uint16_t steps, uint16_t inputs, uint16_t cells, uint16_t outputs,
                           uint8_t cell_bits, int16_t cell_clip, int32_t hidden_mult,
                           int8_t hidden_shift, int16_t hidden_zero, int32_t projection_mult,
                           int8_t projection_shift, int16_t projection_zero,
                           int8_t projection_clip) {
    const uint8_t gates = coupled ? 3 : 4;
    int16_t *const scratch = (int16_t *)(void *)memory;
    int16_t *const forget = scratch + (coupled ? 0 : cells);
    int16_t *const update = forget + cells;
    int16_t *const open = update + cells;
    for (uint16_t step = 0; step < steps; step++) {
        for (uint8_t g = 0; g < gates; g++) {
            int16_t *const gate = scratch + (uint32_t)g * cells;
            const int32_t TINY_ROM *const scale = scales + g * TINY_LSTM_SCALES;
            const int32_t TINY_ROM *const in_bias = bias + (uint32_t)g * 2u * cells;
            const int32_t TINY_ROM *const state_bias = in_bias + cells;
            const int8_t TINY_ROM *in_row = weights + (uint32_t)g * cells * inputs;
            const int8_t TINY_ROM *state_row = recurrent + (uint32_t)g * cells * outputs;
            const bool is_update = g + 2 == gates;
            if (g + 1 == gates) {
                /* The output gate sees the new cell state. */
                for (uint16_t i = 0; i < cells; i++) {
                    const int32_t kept = tiny_divide_pot((int32_t)forget[i] * cell[i], 15);
                    const int32_t share = coupled ? INT16_MAX - forget[i] : scratch[i];
                    const int32_t added = tiny_divide_pot(share * update[i], 15 + cell_bits);
                    const int16_t sum = tiny_saturate_16((int16_t)kept + (int16_t)added);
                    cell[i] = cell_clip > 0 ? (int16_t)tiny_clamp(sum, -cell_clip, cell_clip) : sum;
                }
            }
            for (uint16_t i = 0; i < cells; i++) {
                const int32_t fresh = tiny_dot(in, in_row, in_bias[i], inputs);
                const int32_t past = tiny_dot(state, state_row, state_bias[i], outputs);
                int16_t sum = tiny_saturate_16(tiny_lstm_scaled(fresh, scale + TINY_LSTM_IN));
                sum = tiny_saturate_16(tiny_lstm_scaled(past, scale + TINY_LSTM_STATE) + sum);
                /* As many as there are outputs, not cells, if there is a projection. */
                if (peepholes && !is_update && i < outputs) {
                    const int32_t product = (int32_t)peephole[(uint32_t)g * cells + i] * cell[i];
                    sum = tiny_saturate_16(tiny_lstm_scaled(product, scale + TINY_LSTM_PEEPHOLE) +
                                           sum);
                }
                gate[i] = sum;
                in_row += inputs;
                state_row += outputs;
            }
            if (normalized) {
                tiny_lstm_normalize(gate, norm + (uint32_t)g * cells,
                                    norm_bias + (uint32_t)g * cells, scale, cells);
            }
            for (uint16_t i = 0; i < cells; i++) {
                gate[i] = is_update ? tiny_tanh_16(gate[i], 3) : tiny_logistic_16(gate[i]);
            }
        }
        /* The first gates are done with: their place holds what is projected. */
        int8_t *const hidden = projected ? memory : state;
        for (uint16_t i = 0; i < cells; i++) {
            const int32_t product = (int32_t)open[i] * tiny_tanh_16(cell[i], cell_bits);
            const int32_t scaled =
                tiny_requantize(product, hidden_mult, hidden_shift, TINY_ROUND_TWICE);
            hidden[i] = (int8_t)tiny_clamp(scaled + hidden_zero, -128, 127);
        }
        if (projected) {
            const int8_t TINY_ROM *row = projection;
            for (uint16_t o = 0; o < outputs; o++) {
                const int32_t sum = tiny_dot(hidden, row, projection_bias[o], cells);
                const int32_t scaled =
                    tiny_requantize(sum, projection_mult, projection_shift, TINY_ROUND_TWICE);
                int32_t y = tiny_clamp(scaled + projection_zero, -128, 127);
                if (projection_clip > 0) {
                    y = tiny_clamp(y, -projection_clip, projection_clip);
                }
                state[o] = (int8_t)y;
                row += cells;
            }
        }
        for (uint16_t o = 0; o < outputs; o++) {
            out[o] = state[o];
        }
        in += inputs;
        out += outputs;
    }
}

#endif
