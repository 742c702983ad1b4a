/* A window over time moves on: all but its first bytes move to the front. */
#ifndef TINY_NN_SHIFT_H
#define TINY_NN_SHIFT_H

#include <string.h>

#include "kernel.h"

/* Sixteen bytes a round where all is aligned: small C libraries move byte by byte. */
#if defined(__GNUC__) && !defined(__AVR__)
TINY_INNER uint32_t tiny_shift_words(uint8_t *window, uint32_t kept, uint32_t dropped) {
    if ((((uintptr_t)window | dropped) & 3u) != 0) {
        return 0;
    }
    uint8_t *to = window;
    for (uint32_t left = kept >> 4; left != 0; left--) {
        uint32_t words[4];
        memcpy(words, __builtin_assume_aligned(to + dropped, 4), sizeof words);
        memcpy(__builtin_assume_aligned(to, 4), words, sizeof words);
        to += sizeof words;
    }
    return kept & ~15u;
}
#else
TINY_INNER uint32_t tiny_shift_words(uint8_t *window, uint32_t kept, uint32_t dropped) {
    (void)window;
    (void)kept;
    (void)dropped;
    return 0;
}
#endif

TINY_KERNEL void tiny_shift(void *window, uint32_t kept, uint32_t dropped) {
    uint8_t *const to = (uint8_t *)window;
    const uint32_t moved = tiny_shift_words(to, kept, dropped);
    memmove(to + moved, to + moved + dropped, (size_t)(kept - moved));
}

#endif
