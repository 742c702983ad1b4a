/* Moving runs of bytes: the pieces of CONCATENATION, and PAD. */
#ifndef TINY_NN_BLOCKS_H
#define TINY_NN_BLOCKS_H

#include <string.h>

#include "kernel.h"

/* count runs of `bytes`, `in_step` apart, to places `out_step` apart. */
TINY_KERNEL void tiny_copy_blocks(const int8_t *in, int8_t *out, uint16_t count, uint32_t bytes,
                                  uint32_t in_step, uint32_t out_step) {
    for (uint16_t i = 0; i < count; i++) {
        memcpy(out, in, (size_t)bytes);
        in += in_step;
        out += out_step;
    }
}

/* in [a][b][c][d] in the middle of out, whose other places become `value`. */
TINY_KERNEL void tiny_pad(const int8_t *in, int8_t *out, uint16_t a, uint16_t b, uint16_t c,
                          uint16_t d, uint16_t a_before, uint16_t a_after, uint16_t b_before,
                          uint16_t b_after, uint16_t c_before, uint16_t c_after, uint16_t d_before,
                          uint16_t d_after, int8_t value) {
    const uint16_t whole_b = (uint16_t)(b_before + b + b_after);
    const uint16_t whole_c = (uint16_t)(c_before + c + c_after);
    const uint16_t whole_d = (uint16_t)(d_before + d + d_after);
    const uint16_t whole_a = (uint16_t)(a_before + a + a_after);
    for (uint16_t i = 0; i < whole_a; i++) {
        for (uint16_t j = 0; j < whole_b; j++) {
            for (uint16_t k = 0; k < whole_c; k++) {
                const bool inside = i >= a_before && i < a_before + a && j >= b_before &&
                                    j < b_before + b && k >= c_before && k < c_before + c;
                memset(out, (uint8_t)value, whole_d);
                if (inside) {
                    memcpy(out + d_before, in, d);
                    in += d;
                }
                out += whole_d;
            }
        }
    }
}

#endif
