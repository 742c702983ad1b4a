/* Where the extreme along the middle axis of [outer][n][inner] stands; the first of equals.
 * Source: TFLite reference_ops::ArgMinMax. */
#ifndef TINY_NN_ARG_H
#define TINY_NN_ARG_H

#include <string.h>

#include "kernel.h"

/* The greatest where sign is 1, the least where it is −1. width: bytes of an output, 4 or 8; all
 * processors here store the low bytes first. */
TINY_KERNEL void tiny_arg(const int8_t *in, void *out, uint16_t outer, uint16_t n, uint16_t inner,
                          int8_t sign, uint8_t unsigned_bits, uint8_t width) {
    int8_t *to = (int8_t *)out;
    for (uint16_t o = 0; o < outer; o++) {
        for (uint16_t i = 0; i < inner; i++) {
            int64_t found = 0;
            int16_t best = INT16_MIN;
            for (uint16_t k = 0; k < n; k++) {
                const int8_t bits = in[(uint32_t)k * inner + i];
                const int16_t value = unsigned_bits != 0u ? (int16_t)(uint8_t)bits : (int16_t)bits;
                const int16_t rated = (int16_t)(sign * value);
                if (rated > best) {
                    best = rated;
                    found = k;
                }
            }
            memcpy(to, &found, width);
            to += width;
        }
        in += (uint32_t)n * inner;
    }
}

#endif
