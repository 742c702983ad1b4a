/* Sliding windows over channels, kept as buckets and never as samples.
 *
 * A window of `buckets` x `size` samples is a ring of buckets. Its value covers the newest bucket,
 * still filling, and every older one that the ring holds: at least (buckets - 1) / buckets of the
 * window and never more than the window. Windows of one length over several channels are pushed
 * together and share one ring; what a bucket keeps is an array a kind (count, sum, min, max, sum
 * of squares), and only the kinds that a feature needs exist.
 *
 * Readings are int32 in the channel's scale; TINY_MISSING is left out of every kind. A read-out is
 * TINY_MISSING unless at least half of the samples so far in the window were readings. Quotients
 * round half away from zero; results outside int32 saturate, and none saturates to TINY_MISSING.
 * The generator checks that no window of a channel's stated range overflows the intermediates;
 * a reading out of that range gives a wrong number, never undefined behaviour. */
#ifndef TINY_FEATURES_WINDOW_H
#define TINY_FEATURES_WINDOW_H

#include "../tiny.h"

/* Where the windows of one length stand. All zero: nothing pushed yet. */
typedef struct {
    uint8_t head;   /* index of the newest bucket */
    uint8_t begun;  /* buckets in use */
    uint8_t filled; /* samples in the newest bucket, readings or not */
} tiny_ring_t;

/* The latest reading of a channel and its age in samples. */
typedef struct {
    int32_t value;
    uint8_t age;
} tiny_last_t;

/* A reading is held for this many samples after the one that brought it. */
#define TINY_LAST_HOLD 3

/* One sample has passed: begins the next bucket when the newest is full. Call before the pushes. */
void tiny_ring_step(tiny_ring_t *ring, uint8_t buckets, uint8_t size);

/* One reading of one channel into one kind of accumulator; each array has `buckets` elements. */
void tiny_count_push(const tiny_ring_t *ring, uint8_t *counts, int32_t value);
void tiny_sum_push(const tiny_ring_t *ring, int32_t *sums, int32_t value);
void tiny_min_push(const tiny_ring_t *ring, int32_t *minima, int32_t value);
void tiny_max_push(const tiny_ring_t *ring, int32_t *maxima, int32_t value);
void tiny_square_push(const tiny_ring_t *ring, int64_t *squares, int32_t value);

/* In the channel's unit and scale. */
int32_t tiny_window_mean(const tiny_ring_t *ring, uint8_t size, const uint8_t *counts,
                         const int32_t *sums);
int32_t tiny_window_min(const tiny_ring_t *ring, uint8_t size, const uint8_t *counts,
                        const int32_t *minima);
int32_t tiny_window_max(const tiny_ring_t *ring, uint8_t size, const uint8_t *counts,
                        const int32_t *maxima);

/* Mean of the oldest bucket of a full ring: with `buckets` of them, the one in which lies the
 * sample (buckets - 1) x size ago; with a size of 1, that sample itself. Missing while the ring
 * fills, and where fewer than half of that bucket's samples were readings. */
int32_t tiny_window_oldest(const tiny_ring_t *ring, uint8_t buckets, uint8_t size,
                           const uint8_t *counts, const int32_t *sums);

/* Population standard deviation, in the channel's unit and scale. */
int32_t tiny_window_std(const tiny_ring_t *ring, uint8_t size, const uint8_t *counts,
                        const int32_t *sums, const int64_t *squares);

/* Mean times hours / per (the window's length as a fraction in lowest terms), so that a gap does
 * not read as zero. In unit x hour, the channel's scale. */
int32_t tiny_window_sum(const tiny_ring_t *ring, uint8_t size, const uint8_t *counts,
                        const int32_t *sums, uint32_t hours, uint32_t per);

/* Slope of the least-squares line through the bucket means, each weighted by its readings and
 * placed at its bucket's middle; times scale / per, the literals that turn "per half sample" into
 * "per hour" and add two digits. Missing with readings in fewer than half of the buckets: a line
 * through less is noise. */
int32_t tiny_window_slope(const tiny_ring_t *ring, uint8_t buckets, uint8_t size,
                          const uint8_t *counts, const int32_t *sums, uint32_t scale, uint32_t per);

/* All zero is not "no reading": call tiny_last_init first. */
void tiny_last_init(tiny_last_t *last);
void tiny_last_push(tiny_last_t *last, int32_t value);
int32_t tiny_last(const tiny_last_t *last);

/* out[0 .. width-1] = 1 at index value, 0 elsewhere; all missing when the value is missing or no
 * index. */
void tiny_one_hot(int32_t value, uint8_t width, int32_t *out);

/* TINY_OK when every one of the n values is there, else TINY_E_MISSING. */
tiny_status_t tiny_complete(const int32_t *values, uint8_t n);

#endif
