/* Whole numbers and truth values, as the operators around an embedding's indices need them.
 * An operand's step is 1, or 0 for a single number. Sums wrap. Source: TFLite reference_ops. */
#ifndef TINY_NN_WHOLE_H
#define TINY_NN_WHOLE_H

#include <string.h>

#include "kernel.h"

enum {
    TINY_WHOLE_ADD = 0,
    TINY_WHOLE_SUB = 1,
    TINY_WHOLE_MUL = 2,
    TINY_WHOLE_MAXIMUM = 3,
    TINY_WHOLE_MINIMUM = 4
};

enum {
    TINY_IS_EQUAL = 0,
    TINY_IS_NOT_EQUAL = 1,
    TINY_IS_LESS = 2,
    TINY_IS_LESS_EQUAL = 3,
    TINY_IS_GREATER = 4,
    TINY_IS_GREATER_EQUAL = 5
};

TINY_KERNEL void tiny_whole(const int32_t *a, const int32_t *b, int32_t *out, uint32_t count,
                            uint8_t function, uint8_t step_a, uint8_t step_b) {
    for (uint32_t i = 0; i < count; i++) {
        const int32_t x = *a;
        const int32_t y = *b;
        switch (function) {
        case TINY_WHOLE_ADD:
            out[i] = (int32_t)((uint32_t)x + (uint32_t)y);
            break;
        case TINY_WHOLE_SUB:
            out[i] = (int32_t)((uint32_t)x - (uint32_t)y);
            break;
        case TINY_WHOLE_MUL:
            out[i] = (int32_t)((uint32_t)x * (uint32_t)y);
            break;
        case TINY_WHOLE_MAXIMUM:
            out[i] = x > y ? x : y;
            break;
        default:
            out[i] = x < y ? x : y;
            break;
        }
        a += step_a;
        b += step_b;
    }
}

TINY_KERNEL void tiny_compare(const int32_t *a, const int32_t *b, int8_t *out, uint32_t count,
                              uint8_t relation, uint8_t step_a, uint8_t step_b) {
    for (uint32_t i = 0; i < count; i++) {
        const int32_t x = *a;
        const int32_t y = *b;
        const bool less = x < y;
        const bool same = x == y;
        bool holds = false;
        switch (relation) {
        case TINY_IS_EQUAL:
            holds = same;
            break;
        case TINY_IS_NOT_EQUAL:
            holds = !same;
            break;
        case TINY_IS_LESS:
            holds = less;
            break;
        case TINY_IS_LESS_EQUAL:
            holds = less || same;
            break;
        case TINY_IS_GREATER:
            holds = !less && !same;
            break;
        default:
            holds = !less;
            break;
        }
        out[i] = holds ? 1 : 0;
        a += step_a;
        b += step_b;
    }
}

/* a where the truth value is one, else b; elements of `bytes` bytes. */
TINY_KERNEL void tiny_select(const int8_t *which, const void *a, const void *b, void *out,
                             uint32_t count, uint8_t bytes, uint8_t step, uint8_t step_a,
                             uint8_t step_b) {
    const int8_t *x = (const int8_t *)a;
    const int8_t *y = (const int8_t *)b;
    int8_t *to = (int8_t *)out;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(to, *which != 0 ? x : y, bytes);
        to += bytes;
        which += step;
        x += step_a * bytes;
        y += step_b * bytes;
    }
}

/* Types of `tiny_cast`, with which a number's bits are taken and written. */
enum {
    TINY_TYPE_INT8 = 0,
    TINY_TYPE_UINT8 = 1,
    TINY_TYPE_BOOL = 2,
    TINY_TYPE_INT16 = 3,
    TINY_TYPE_INT32 = 4,
    TINY_TYPE_INT64 = 5
};

/* Loads and stores by memcpy, for int64 may lie at any place; the low bytes come first. */
TINY_KERNEL void tiny_cast(const void *in, void *out, uint32_t count, uint8_t from, uint8_t to,
                           uint8_t in_bytes, uint8_t out_bytes) {
    const int8_t *x = (const int8_t *)in;
    int8_t *y = (int8_t *)out;
    for (uint32_t i = 0; i < count; i++) {
        int64_t value = 0;
        memcpy(&value, x, in_bytes);
        if (from == TINY_TYPE_INT8) {
            value = (int8_t)(uint8_t)value;
        } else if (from == TINY_TYPE_INT16) {
            value = (int16_t)(uint16_t)value;
        } else if (from == TINY_TYPE_INT32) {
            value = (int32_t)(uint32_t)value;
        }
        if (to == TINY_TYPE_BOOL) {
            value = value != 0 ? 1 : 0;
        }
        memcpy(y, &value, out_bytes);
        x += in_bytes;
        y += out_bytes;
    }
}

#endif
