/* The same bytes elsewhere, and what a persistent tensor starts with. */
#ifndef TINY_NN_COPY_H
#define TINY_NN_COPY_H

#include <string.h>

#include "kernel.h"

TINY_KERNEL void tiny_copy(const void *in, void *out, uint32_t bytes) {
    memmove(out, in, (size_t)bytes);
}

/* The same; a copy that the memory plan must not leave out. */
TINY_KERNEL void tiny_relocate(const void *in, void *out, uint32_t bytes) {
    memmove(out, in, (size_t)bytes);
}

static inline void tiny_load(int8_t *to, const int8_t TINY_ROM *from, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        to[i] = from[i];
    }
}

#endif
