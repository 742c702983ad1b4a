/* Rows picked by indices that are computed at run time, such as an embedding's.
 * Source: TFLite reference_ops::Gather, which refuses an index outside; here it counts as the
 * nearest inside, so that nothing else is ever read. */
#ifndef TINY_NN_GATHER_H
#define TINY_NN_GATHER_H

#include <string.h>

#include "kernel.h"

/* width: bytes of an index, 4 or 8; all processors here store the low bytes first. */
static inline uint32_t tiny_index(const void *indices, uint16_t i, uint8_t width, uint16_t n) {
    int64_t index = 0;
    int32_t narrow = 0;
    if (width == 8u) {
        memcpy(&index, (const int8_t *)indices + (uint32_t)i * 8u, 8);
    } else {
        memcpy(&narrow, (const int8_t *)indices + (uint32_t)i * 4u, 4);
        index = narrow;
    }
    return index < 0 ? 0u : (index >= n ? (uint32_t)n - 1u : (uint32_t)index);
}

/* in [outer][n][bytes], out [outer][count][bytes]. */
TINY_KERNEL void tiny_gather(const void *in, const void *indices, void *out, uint16_t outer,
                             uint16_t n, uint16_t count, uint32_t bytes, uint8_t width) {
    const int8_t *from = (const int8_t *)in;
    int8_t *to = (int8_t *)out;
    for (uint16_t o = 0; o < outer; o++) {
        for (uint16_t i = 0; i < count; i++) {
            memcpy(to, from + tiny_index(indices, i, width, n) * bytes, (size_t)bytes);
            to += bytes;
        }
        from += (uint32_t)n * bytes;
    }
}

/* The same from a table that never leaves flash. */
TINY_KERNEL void tiny_gather_rom(const int8_t TINY_ROM *in, const void *indices, void *out,
                                 uint16_t outer, uint16_t n, uint16_t count, uint32_t bytes,
                                 uint8_t width) {
    int8_t *to = (int8_t *)out;
    for (uint16_t o = 0; o < outer; o++) {
        for (uint16_t i = 0; i < count; i++) {
            const int8_t TINY_ROM *from = in + tiny_index(indices, i, width, n) * bytes;
            for (uint32_t k = 0; k < bytes; k++) {
                *to++ = from[k];
            }
        }
        in += (uint32_t)n * bytes;
    }
}

#endif
