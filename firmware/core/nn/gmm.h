/* A mixture of Gaussians in integers: how far an input is from all that is usual.
 *
 * E = min over the components of (offset + |L (x - mean)|^2), which is -2 times the logarithm of
 * the density of the likeliest component, but for a constant. A row of L (the covariance's inverse
 * Cholesky factor, lower triangular, or its diagonal alone) counts 32nds of a standard deviation, E
 * 64ths of a squared one. The score of "not usual" is E / (E + threshold): above a half from the
 * threshold on. 16-bit weights, 32-bit sums, no float. */
#ifndef TINY_NN_GMM_H
#define TINY_NN_GMM_H

#include "kernel.h"

/* 64 standard deviations: beyond them nothing is told apart. */
#define TINY_GMM_MOST 2047
/* So that 256 E fits 32 bits. */
#define TINY_GMM_FARTHEST 0xFFFFFFu

TINY_KERNEL uint32_t tiny_gmm_distance(const int8_t *x, uint8_t inputs, uint8_t components,
                                       bool full, const int16_t TINY_ROM *weight,
                                       const int32_t TINY_ROM *bias, const uint8_t TINY_ROM *shift,
                                       const uint32_t TINY_ROM *offset) {
    uint32_t least = TINY_GMM_FARTHEST;
    for (uint8_t k = 0; k < components; k++) {
        uint32_t squares = offset[k];
        for (uint8_t i = 0; i < inputs; i++) {
            int32_t sum = *bias++;
            for (uint8_t j = full ? 0 : i; j <= i; j++) {
                sum += (int32_t)*weight++ * x[j];
            }
            sum >>= *shift++;
            sum =
                sum > TINY_GMM_MOST ? TINY_GMM_MOST : (sum < -TINY_GMM_MOST ? -TINY_GMM_MOST : sum);
            squares += (uint32_t)(sum * sum) >> 4;
        }
        least = squares < least ? squares : least;
    }
    return least;
}

/* Usual, and not: 255 in all, never alike. */
TINY_KERNEL void tiny_gmm_scores(uint32_t distance, uint32_t threshold, int8_t *out) {
    const uint8_t share = (uint8_t)((distance << 8) / (distance + threshold));
    out[0] = (int8_t)((uint8_t)(255u - share) ^ 0x80u);
    out[1] = (int8_t)(share ^ 0x80u);
}

#endif
