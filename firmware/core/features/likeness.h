/* How a signal resembles itself later on, and two signals each other. */
#ifndef TINY_FEATURES_LIKENESS_H
#define TINY_FEATURES_LIKENESS_H

#include "shape.h"

/* Autocorrelation at a lag, of frames centred by tiny_shape_centre: the sum of the products of
 * frames so far apart, by the sum of the squares (the biased estimate); thousandths, within 1. */
int32_t tiny_likeness_autocorrelation(const int16_t *centred, uint16_t n, uint16_t lag);

/* The lag, in frames, of the highest peak of the autocorrelation up to n / 2, once it has been
 * below 0; 0 where there is none. */
int32_t tiny_likeness_period(const int16_t *centred, uint16_t n);

/* Pearson's correlation of two channels' frames, thousandths, within 1. */
int32_t tiny_likeness_correlation(const int16_t *x, const int16_t *y, uint16_t n);

#endif
