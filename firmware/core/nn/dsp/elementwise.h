/* ../add.h on Arm's DSP extension: the same arguments, four elements at a time. */
#ifndef TINY_NN_DSP_ELEMENTWISE_H
#define TINY_NN_DSP_ELEMENTWISE_H

#include "../add.h"
#include "dsp.h"

static inline int8_t tiny_dsp_linear_output(int32_t sum, int8_t shift, int8_t low, int8_t high) {
    const int32_t x = sum >> shift;
    return (int8_t)(low == INT8_MIN && high == INT8_MAX ? tiny_ssat8(x) : tiny_clamp(x, low, high));
}

TINY_KERNEL void tiny_dsp_add_linear(const int8_t *a, const int8_t *b, int8_t *out, uint32_t count,
                                     int32_t mult_a, int32_t mult_b, int32_t offset, int8_t shift,
                                     int8_t low, int8_t high) {
#define TINY_DSP_LINEAR_BYTE(i)                                                                    \
    tiny_dsp_linear_output(offset + (int8_t)(four_a >> (8 * (i))) * mult_a +                       \
                               (int8_t)(four_b >> (8 * (i))) * mult_b,                             \
                           shift, low, high)
    for (; count >= 4; count -= 4, a += 4, b += 4, out += 4) {
        const uint32_t four_a = tiny_word(a);
        const uint32_t four_b = tiny_word(b);
        out[0] = TINY_DSP_LINEAR_BYTE(0);
        out[1] = TINY_DSP_LINEAR_BYTE(1);
        out[2] = TINY_DSP_LINEAR_BYTE(2);
        out[3] = TINY_DSP_LINEAR_BYTE(3);
    }
    tiny_add_linear(a, b, out, count, mult_a, mult_b, offset, shift, low, high);
}

#endif
