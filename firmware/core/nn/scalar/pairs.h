/* Packing two pixels into words for the tiles of tile.h. */
#ifndef TINY_NN_SCALAR_PAIRS_H
#define TINY_NN_SCALAR_PAIRS_H

#include "tile.h"

/* Of any tile. */
#define TINY_PAIRS_MOST 3

static inline int32_t tiny_pair(int8_t low, int8_t high) {
    return (int32_t)(((uint32_t)(int32_t)high << 16) + (uint32_t)(int32_t)low);
}

/* n words of low[i] and high[i]. */
static __attribute__((noinline, unused)) void tiny_pair_pack(const int8_t *low, const int8_t *high,
                                                             int32_t *words, uint32_t n) {
    const int32_t *const end = words + n;
    for (const int32_t *const most = end - (n & 7u); words != most; words += 8) {
        words[0] = tiny_pair(low[0], high[0]);
        words[1] = tiny_pair(low[1], high[1]);
        words[2] = tiny_pair(low[2], high[2]);
        words[3] = tiny_pair(low[3], high[3]);
        words[4] = tiny_pair(low[4], high[4]);
        words[5] = tiny_pair(low[5], high[5]);
        words[6] = tiny_pair(low[6], high[6]);
        words[7] = tiny_pair(low[7], high[7]);
        low += 8;
        high += 8;
    }
    while (words != end) {
        *words++ = tiny_pair(*low++, *high++);
    }
}

/* exist: how many of the tile's pairs do. */
TINY_INNER void tiny_tiles(const int32_t *const *places, int16_t runs, int8_t pairs, int8_t exist,
                           const tiny_tiles_t *layer, int8_t *out, const int32_t *offsets) {
    const int32_t *const *const end = places + runs * pairs;
    if (pairs != TINY_WIDE_PAIRS) {
        tiny_tiles_narrow(places, end, layer, out, offsets);
    } else if (exist == TINY_WIDE_PAIRS) {
        tiny_tiles_wide(places, end, layer, out, offsets);
    } else {
        tiny_tiles_wide_two(places, end, layer, out, offsets);
    }
}

#endif
