/* Windows of any shape for MVE kernels in which every channel has a lane. */
#ifndef TINY_NN_MVE_LANES_H
#define TINY_NN_MVE_LANES_H

#include "mve.h"

/* How many of n taps, `apart` from one another, the first at `place`, lie before place 0. */
static inline int32_t tiny_mve_reach(int32_t place, int32_t apart, int32_t n) {
    const int32_t taps = place < 0 ? (apart - 1 - place) / apart : 0;
    return taps < n ? taps : n;
}

#endif
