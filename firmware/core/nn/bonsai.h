/* Bonsai (Kumar et al., ICML 2017) in integers: a sparse projection, then one path through a
 * shallow tree, every node of which adds to the margins. 8-bit weights, 32-bit sums, no float. */
#ifndef TINY_NN_BONSAI_H
#define TINY_NN_BONSAI_H

#include "dot.h"

/* 127 * tanh(i / 32) */
static const int8_t TINY_ROM tiny_bonsai_tanh[128] = {
    0,   4,   8,   12,  16,  20,  24,  27,  31,  35,  38,  42,  46,  49,  52,  56,  59,  62,  65,
    68,  70,  73,  76,  78,  81,  83,  85,  87,  89,  91,  93,  95,  97,  98,  100, 101, 103, 104,
    105, 107, 108, 109, 110, 111, 112, 113, 113, 114, 115, 116, 116, 117, 118, 118, 119, 119, 120,
    120, 120, 121, 121, 122, 122, 122, 122, 123, 123, 123, 123, 124, 124, 124, 124, 124, 125, 125,
    125, 125, 125, 125, 125, 125, 125, 126, 126, 126, 126, 126, 126, 126, 126, 126, 126, 126, 126,
    126, 126, 126, 126, 126, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127,
    127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127};

/* sum >> shift, |sum| < 2^23. A shift by 8 is a move on an AVR, one by 7 eight times as long. */
TINY_KERNEL int32_t tiny_bonsai_shift(int32_t sum, uint8_t shift) {
#if defined(__AVR__)
    if (shift > 4u && shift < 8u) {
        return (sum * (1 << (8u - shift))) >> 8;
    }
#endif
    return sum >> shift;
}

TINY_KERNEL int8_t tiny_bonsai_clamp(int32_t sum) {
    return (int8_t)(sum > 127 ? 127 : (sum < -128 ? -128 : sum));
}

/* z = clamp((Z x + bias) >> shift), Z dense: rows of `inputs` weights. */
TINY_KERNEL void tiny_bonsai_project(const int8_t *x, uint8_t inputs, const int8_t TINY_ROM *weight,
                                     const int32_t TINY_ROM *bias, const uint8_t TINY_ROM *shift,
                                     uint8_t projection, int8_t *z) {
    for (uint8_t p = 0; p < projection; p++) {
        z[p] = tiny_bonsai_clamp(tiny_dot(x, weight, bias[p], inputs) >> shift[p]);
        weight += inputs;
    }
}

/* The same of a sparse Z: how many weights a row has, where they are, and what. */
TINY_KERNEL void tiny_bonsai_project_sparse(const int8_t *x, const uint8_t TINY_ROM *count,
                                            const uint8_t TINY_ROM *place,
                                            const int8_t TINY_ROM *weight,
                                            const int32_t TINY_ROM *bias,
                                            const uint8_t TINY_ROM *shift, uint8_t projection,
                                            int8_t *z) {
    for (uint8_t p = 0; p < projection; p++) {
        int32_t sum = bias[p];
        for (uint8_t n = count[p]; n != 0u; n--) {
            sum += tiny_times(x[*place++], *weight++);
        }
        z[p] = tiny_bonsai_clamp(sum >> shift[p]);
    }
}

/* The margins of z: W and V of a node lie one after the other, class by class. */
TINY_KERNEL void tiny_bonsai_path(const int8_t *z, uint8_t projection, uint8_t classes,
                                  uint8_t depth, const int8_t TINY_ROM *nodes,
                                  const int8_t TINY_ROM *branches, uint8_t w_shift, uint8_t v_shift,
                                  int32_t *margin) {
    uint8_t at = 0;
    for (uint8_t c = 0; c < classes; c++) {
        margin[c] = 0;
    }
    for (uint8_t level = 0;; level++) {
        const int8_t TINY_ROM *row = nodes + (uint16_t)(at * (uint16_t)(2u * classes * projection));
        for (uint8_t c = 0; c < classes; c++) {
            const int16_t a = (int16_t)tiny_bonsai_shift(tiny_dot(z, row, 0, projection), w_shift);
            row += projection;
            const int32_t raw = tiny_bonsai_shift(tiny_dot(z, row, 0, projection), v_shift);
            row += projection;
            const int8_t b = (int8_t)(raw > 127 ? 127 : (raw < -127 ? -127 : raw));
            const int8_t t = b < 0 ? (int8_t)-tiny_bonsai_tanh[-b] : tiny_bonsai_tanh[b];
            margin[c] += (int32_t)a * t;
        }
        if (level == depth) {
            return;
        }
        const bool first =
            tiny_dot(z, branches + (uint16_t)(at * (uint16_t)projection), 0, projection) > 0;
        at = (uint8_t)(2u * at + (first ? 1u : 2u));
    }
}

#endif
