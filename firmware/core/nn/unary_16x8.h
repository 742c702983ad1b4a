/* Functions of one int16 number. Input and output may be the same buffer.
 * Source: TFLite reference_integer_ops::Logistic and Tanh for int16, QuantizedReluX,
 * QuantizeLeakyRelu, Requantize. */
#ifndef TINY_NN_UNARY_16X8_H
#define TINY_NN_UNARY_16X8_H

#include "fixed.h"

/* x · mult · 2^(shift−31) where x is not negative, · below it where it is; zero points are 0.
 * RELU, RELU6, QUANTIZE from int16 to int16 (both multipliers the same), LEAKY_RELU. */
TINY_KERNEL void tiny_rescale_16x8(const int16_t *in, int16_t *out, uint32_t count, int32_t mult,
                                   int8_t shift, int32_t mult_below, int8_t shift_below,
                                   int16_t low, int16_t high) {
    for (uint32_t i = 0; i < count; i++) {
        const bool below = in[i] < 0;
        const int32_t scaled = tiny_requantize(in[i], below ? mult_below : mult,
                                               below ? shift_below : shift, TINY_ROUND_TWICE);
        out[i] = (int16_t)tiny_clamp(scaled, low, high);
    }
}

/* in·mult, rounded, 3·2^12 to the unit: where the table below has 2^9 to the entry. */
static inline int32_t tiny_sigmoid_place_16x8(int16_t in, int32_t mult, uint8_t down) {
    const int32_t half = down > 0 ? (int32_t)1 << (down - 1) : 0;
    return (int32_t)((uint32_t)((int32_t)in * mult) + (uint32_t)half) >> down;
}

/* table[i] is sigmoid(i/24) in Q0.16. out = sigmoid in Q0.15. */
TINY_KERNEL void tiny_logistic_16x8(const int16_t *in, int16_t *out, const uint16_t TINY_ROM *table,
                                    uint32_t count, int32_t mult, uint8_t down) {
    for (uint32_t i = 0; i < count; i++) {
        const int32_t place = tiny_sigmoid_place_16x8(in[i], mult, down);
        const uint32_t distance = place < 0 ? 0u - (uint32_t)place : (uint32_t)place;
        const uint32_t entry = distance >> 9;
        uint32_t value = (uint32_t)0x7fff << 10; /* Q0.25 */
        if (entry < 255u) {
            const uint32_t here = table[entry];
            const uint32_t next = table[entry + 1u];
            value = (here << 9) + (distance & 0x1ffu) * (next - here);
        }
        value = place < 0 ? ((uint32_t)1 << 25) - value + 511u : value + 512u;
        out[i] = (int16_t)(value >> 10);
    }
}

/* tanh(x) = 2·sigmoid(2x) − 1, from the same table; out in Q0.15. */
TINY_KERNEL void tiny_tanh_16x8(const int16_t *in, int16_t *out, const uint16_t TINY_ROM *table,
                                uint32_t count, int32_t mult, uint8_t down) {
    for (uint32_t i = 0; i < count; i++) {
        const int32_t place = tiny_sigmoid_place_16x8(in[i], mult, down);
        const uint32_t distance = place < 0 ? 0u - (uint32_t)place : (uint32_t)place;
        const uint32_t entry = distance >> 8;
        int32_t value = (int32_t)0xffff << 8; /* Q0.24 */
        if (entry < 255u) {
            const uint32_t here = table[entry];
            const uint32_t next = table[entry + 1u];
            value = (int32_t)((here << 8) + (distance & 0xffu) * (next - here));
        }
        value = place < 0 ? ((int32_t)1 << 23) - value + 127 : value - ((int32_t)1 << 23) + 128;
        out[i] = (int16_t)(value >> 8);
    }
}

#endif
