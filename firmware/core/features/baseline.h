/* What a reading is compared with: a slow average of its own channel, or another value.
 *
 * Roberts 1959, "Control chart tests based on geometric moving averages", Technometrics 1(3): each
 * reading moves the level 1/n of the way towards itself. The first n readings are averaged plainly
 * (the k-th moves it 1/k), so that the level owes nothing to a starting value. */
#ifndef TINY_FEATURES_BASELINE_H
#define TINY_FEATURES_BASELINE_H

#include "../tiny.h"

/* All zero: no reading yet. Holds any int32 readings without overflow. */
typedef struct {
    int64_t level; /* in 1/65536 of the channel's scaled unit */
    uint16_t seen; /* readings so far, n at most */
    uint16_t gap;  /* samples since the latest of them */
} tiny_ewma_t;

/* One sample: a reading, or TINY_MISSING, which leaves the level as it is. After n samples in a
 * row without a reading the level is forgotten. 2 <= n <= 65535. */
void tiny_ewma_push(tiny_ewma_t *ewma, int32_t value, uint16_t n);

/* The level in the channel's scale, half away from zero; TINY_MISSING before the first reading. */
int32_t tiny_ewma(const tiny_ewma_t *ewma);

/* In a scale `factor` times as fine; held at INT32_MAX and -INT32_MAX. TINY_MISSING stays. */
int32_t tiny_finer(int32_t value, int32_t factor);

/* a - b, held at INT32_MAX and -INT32_MAX; TINY_MISSING when one of them is. */
int32_t tiny_difference(int32_t a, int32_t b);

/* What value is of the level, in thousandths, half away from zero, held so; of a level below one
 * step what it is of one step. TINY_MISSING when one of them is. */
int32_t tiny_relative(int32_t value, int32_t level);

#endif
