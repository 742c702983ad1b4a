/* Softmax over the last axis, int8 to int8 (scale 1/256, zero point −128).
 *
 * exp_table[d] is exp(−d·beta·scale) in Q0.31 as gemmlowp's exp_on_negative_values has it, worked
 * out by the compiler; a difference past the table's end counts nothing and yields −128. */
#ifndef TINY_NN_SOFTMAX_H
#define TINY_NN_SOFTMAX_H

#include "fixed.h"

/* 1/(1+x) for x in [0, 1), both Q0.31, by Newton's iteration: one_over_one_plus_x_for_x_in_0_1. */
static inline int32_t tiny_one_over_one_plus(int32_t x) {
    const int32_t half = (x >> 1) + ((int32_t)1 << 30);                 /* (1+x)/2, Q0.31; x >= 0 */
    int32_t y = 1515870810 + tiny_doubling_high_mul(half, -1010580540); /* 48/17 − 32/17·half */
    for (uint8_t i = 0; i < 3; i++) {
        const int32_t rest = ((int32_t)1 << 29) - tiny_doubling_high_mul(half, y);
        y += tiny_multiply_pot(tiny_doubling_high_mul(y, rest), 2);
    }
    return tiny_multiply_pot(y, 1);
}

TINY_KERNEL void tiny_softmax(const int8_t *in, int8_t *out, const int32_t TINY_ROM *exp_table,
                              uint16_t table_size, uint16_t rows, uint16_t depth) {
    for (uint16_t r = 0; r < rows; r++) {
        int8_t highest = INT8_MIN;
        for (uint16_t i = 0; i < depth; i++) {
            highest = in[i] > highest ? in[i] : highest;
        }
        uint32_t sum = 0; /* Q12.19 */
        for (uint16_t i = 0; i < depth; i++) {
            const uint16_t distance = (uint16_t)(highest - in[i]);
            if (distance < table_size) {
                sum += ((uint32_t)exp_table[distance] + 2048u) >> 12;
            }
        }
        uint8_t headroom = 0;
        while ((sum & ((uint32_t)1 << 31)) == 0u) { /* sum >= 2^19: the highest counts for one */
            sum <<= 1;
            headroom++;
        }
        const int32_t scale = tiny_one_over_one_plus((int32_t)(sum & (uint32_t)INT32_MAX));
        /* Past 31 the reference aborts (over 511 equal logits); here such a share is 0. */
        const int exponent = headroom < 4 ? 31 : 35 - headroom;
        for (uint16_t i = 0; i < depth; i++) {
            const uint16_t distance = (uint16_t)(highest - in[i]);
            int32_t share = 0;
            if (distance < table_size) {
                share = tiny_doubling_high_mul(scale, exp_table[distance]);
                share = tiny_divide_pot(share, exponent);
            }
            out[i] = (int8_t)tiny_clamp(share - 128, INT8_MIN, INT8_MAX);
        }
        in += depth;
        out += depth;
    }
}

#endif
