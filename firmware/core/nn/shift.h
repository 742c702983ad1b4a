/* A window over time moves on: all but its first bytes move to the front. */
#ifndef TINY_NN_SHIFT_H
#define TINY_NN_SHIFT_H

#include <string.h>

#include "kernel.h"

TINY_KERNEL void tiny_shift(void *window, uint32_t kept, uint32_t dropped) {
    memmove(window, (const uint8_t *)window + dropped, (size_t)kept);
}

#endif
