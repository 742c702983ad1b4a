/* Any function of one 8-bit number, as a table of all its 256 values, indexed by the input's
 * bits taken as unsigned. Input and output may be the same buffer. */
#ifndef TINY_NN_LUT_H
#define TINY_NN_LUT_H

#include "kernel.h"

TINY_KERNEL void tiny_lut(const int8_t *in, int8_t *out, const int8_t TINY_ROM *table,
                          uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = table[(uint8_t)in[i]];
    }
}

#endif
