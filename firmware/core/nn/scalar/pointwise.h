/* 1×1 convolution, stride 1, int8, two multiply-accumulates by one multiplication (see tile.h).
 *
 * Layouts: in [pixels][in_c], out [pixels][out_c]; both may overlap where out starts at least
 * pixels·(out_c − in_c) bytes lower, for a block of pixels is read before any of it is written.
 * words: room for pairs·in_c of them. pairs: TINY_WIDE_PAIRS or TINY_NARROW_PAIRS, for which the
 * weights are laid out. */
#ifndef TINY_NN_SCALAR_POINTWISE_H
#define TINY_NN_SCALAR_POINTWISE_H

#include "pairs.h"

TINY_KERNEL void tiny_scalar_pointwise(const int8_t *in, const int8_t *weights,
                                       const int32_t *channels, int8_t *out, void *words,
                                       uint32_t pixels, int16_t in_c, int16_t out_c, int8_t pairs,
                                       tiny_rounding_t rounding, int8_t low, int8_t high) {
    const tiny_tiles_t layer = {weights, channels, channels + (int32_t)out_c * TINY_CHANNEL_WORDS,
                                low,     high,     rounding == TINY_ROUND_TWICE ? 1 : 0};
    int32_t *const pack = (int32_t *)words;
    const int32_t *places[TINY_PAIRS_MOST];
    int32_t offsets[2 * TINY_PAIRS_MOST];
    for (int8_t i = 0; i < pairs; i++) {
        places[i] = pack + i * in_c;
        offsets[2 * i] = 2 * i * out_c;
        offsets[2 * i + 1] = (2 * i + 1) * out_c;
    }
    for (;;) {
        for (int8_t i = 0; i < 2 * pairs; i = (int8_t)(i + 2)) {
            if ((uint32_t)i < pixels) {
                /* The last pixel may be alone; what lies beside it is not kept. */
                const int8_t *const other = (uint32_t)i + 1u < pixels ? in + in_c : in;
                tiny_pair_pack(in, other, pack + (i >> 1) * in_c, (uint32_t)in_c);
                in = other + in_c;
            }
        }
        if (pixels <= (uint8_t)(2 * pairs)) {
            break;
        }
        tiny_tiles(places, 1, pairs, pairs, &layer, out, offsets);
        out += 2 * pairs * out_c;
        pixels -= (uint8_t)(2 * pairs);
    }
    for (int8_t i = 0; i < 2 * pairs; i++) {
        if ((uint32_t)i >= pixels) {
            offsets[i] = 0;
        }
        if ((uint32_t)(2 * i) >= pixels && i < pairs) {
            places[i] = pack; /* what follows may not have been written */
        }
    }
    tiny_tiles(places, 1, pairs, (int8_t)((pixels + 1) / 2), &layer, out, offsets);
}

#endif
