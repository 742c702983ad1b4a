/* Moving elements of any size; bytes are never looked at.
 *
 * tiny_move walks input and output with a step each per loop (transposition, slices, pieces of a
 * concatenation); tiny_take finds each run through two tables (gather, mirrored edges, nearest
 * neighbours). Steps and offsets are in bytes; a run is what lies together in both. */
#ifndef TINY_NN_MOVE_H
#define TINY_NN_MOVE_H

#include <string.h>

#include "kernel.h"

TINY_INNER void tiny_move_3(const int8_t *in, int8_t *out, uint16_t n_a, int32_t in_a,
                            int32_t out_a, uint16_t n_b, int32_t in_b, int32_t out_b, uint16_t n_c,
                            int32_t in_c, int32_t out_c, uint32_t bytes) {
    for (uint16_t a = 0; a < n_a; a++) {
        for (uint16_t b = 0; b < n_b; b++) {
            const int8_t *from = in + a * in_a + b * in_b;
            int8_t *to = out + a * out_a + b * out_b;
            for (uint16_t c = 0; c < n_c; c++) {
                memcpy(to, from, (size_t)bytes);
                from += in_c;
                to += out_c;
            }
        }
    }
}

/* n_x passes of each loop, outermost first; an input's step may be zero or negative. */
TINY_KERNEL void tiny_move(const void *in, void *out, uint16_t n_a, int32_t in_a, int32_t out_a,
                           uint16_t n_b, int32_t in_b, int32_t out_b, uint16_t n_c, int32_t in_c,
                           int32_t out_c, uint16_t n_d, int32_t in_d, int32_t out_d, uint16_t n_e,
                           int32_t in_e, int32_t out_e, uint16_t n_f, int32_t in_f, int32_t out_f,
                           uint32_t bytes) {
    for (uint16_t a = 0; a < n_a; a++) {
        for (uint16_t b = 0; b < n_b; b++) {
            for (uint16_t c = 0; c < n_c; c++) {
                const int8_t *const from = (const int8_t *)in + a * in_a + b * in_b + c * in_c;
                int8_t *const to = (int8_t *)out + a * out_a + b * out_b + c * out_c;
                tiny_move_3(from, to, n_d, in_d, out_d, n_e, in_e, out_e, n_f, in_f, out_f, bytes);
            }
        }
    }
}

/* n_a · n_b runs, one after the other, from in + a[i] + b[j]. */
TINY_KERNEL void tiny_take(const void *in, void *out, const int32_t TINY_ROM *a,
                           const int32_t TINY_ROM *b, uint32_t n_a, uint32_t n_b, uint32_t bytes) {
    int8_t *to = (int8_t *)out;
    for (uint32_t i = 0; i < n_a; i++) {
        const int8_t *const from = (const int8_t *)in + a[i];
        for (uint32_t j = 0; j < n_b; j++) {
            memcpy(to, from + b[j], (size_t)bytes);
            to += bytes;
        }
    }
}

/* The same element of `bytes` bytes everywhere. */
TINY_KERNEL void tiny_fill(void *out, const void *value, uint32_t count, uint8_t bytes) {
    int8_t *to = (int8_t *)out;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(to, value, bytes);
        to += bytes;
    }
}

#endif
