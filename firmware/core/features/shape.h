/* How the frames of a window are spread: order statistics, and moments that no gain changes. */
#ifndef TINY_FEATURES_SHAPE_H
#define TINY_FEATURES_SHAPE_H

#include "signal.h"

/* The frames in rising order, into sorted, n of them. */
void tiny_shape_sort(const int16_t *x, uint16_t n, int16_t *sorted);

/* Median, and upper less lower quartile, of sorted frames; in hundredths, exactly. A quantile
 * between two frames lies on the line between them (Hyndman and Fan 1996, definition 7). */
int32_t tiny_shape_median(const int16_t *sorted, uint16_t n);
int32_t tiny_shape_iqr(const int16_t *sorted, uint16_t n);

/* The frames less their mean, into centred, n of them: stretched so that the greatest is at least
 * 4096 and at most 8192, or all 0. */
void tiny_shape_centre(const int16_t *x, uint16_t n, int16_t *centred);

/* Of centred frames, in thousandths, within 2 and one in a thousand: third moment by the standard
 * deviation's cube; fourth by its fourth power, less 3 (0 for a normal distribution); greatest
 * deviation from the mean by the standard deviation. */
int32_t tiny_shape_skewness(const int16_t *centred, uint16_t n);
int32_t tiny_shape_kurtosis(const int16_t *centred, uint16_t n);
int32_t tiny_shape_crest(const int16_t *centred, uint16_t n);

#endif
