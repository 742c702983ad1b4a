#include "window.h"

#include "arithmetic.h"

/* 64-bit code is long on an AVR; left alone, avr-gcc copies this into every caller even at -Os. */
#define SHARED static __attribute__((noinline))

/* Samples since the oldest bucket began. */
static uint16_t elapsed(const tiny_ring_t *ring, uint8_t size) {
    return ring->begun == 0 ? 0 : (uint16_t)((uint16_t)(ring->begun - 1U) * size + ring->filled);
}

/* Readings in the window; 0 when they are too few to speak for it. */
static uint16_t readings(const tiny_ring_t *ring, uint8_t size, const uint8_t *counts) {
    uint16_t total = 0;
    for (uint8_t i = 0; i < ring->begun; i++) {
        total = (uint16_t)(total + counts[i]);
    }
    return 2UL * total >= elapsed(ring, size) ? total : 0;
}

SHARED int64_t add_up(const tiny_ring_t *ring, const int32_t *sums) {
    int64_t total = 0;
    for (uint8_t i = 0; i < ring->begun; i++) {
        total += sums[i];
    }
    return total;
}

void tiny_ring_step(tiny_ring_t *ring, uint8_t buckets, uint8_t size) {
    if (ring->begun == 0) {
        ring->begun = 1;
    } else if (ring->filled >= size) {
        ring->head = (uint8_t)(ring->head + 1U == buckets ? 0U : ring->head + 1U);
        ring->begun = (uint8_t)(ring->begun + (ring->begun < buckets));
        ring->filled = 0;
    }
    ring->filled++;
}

void tiny_count_push(const tiny_ring_t *ring, uint8_t *counts, int32_t value) {
    uint8_t *cell = &counts[ring->head];
    if (ring->filled == 1) {
        *cell = 0;
    }
    *cell = (uint8_t)(*cell + (value != TINY_MISSING));
}

void tiny_sum_push(const tiny_ring_t *ring, int32_t *sums, int32_t value) {
    int32_t *cell = &sums[ring->head];
    if (ring->filled == 1) {
        *cell = 0;
    }
    if (value != TINY_MISSING) {
        *cell = (int32_t)((uint32_t)*cell + (uint32_t)value); /* may wrap: see window.h */
    }
}

void tiny_min_push(const tiny_ring_t *ring, int32_t *minima, int32_t value) {
    int32_t *cell = &minima[ring->head];
    if (ring->filled == 1) {
        *cell = TINY_MISSING;
    }
    if (value != TINY_MISSING && (*cell == TINY_MISSING || value < *cell)) {
        *cell = value;
    }
}

void tiny_max_push(const tiny_ring_t *ring, int32_t *maxima, int32_t value) {
    int32_t *cell = &maxima[ring->head];
    if (ring->filled == 1 || value > *cell) { /* TINY_MISSING is below every reading */
        *cell = value;
    }
}

void tiny_square_push(const tiny_ring_t *ring, int64_t *squares, int32_t value) {
    int64_t *cell = &squares[ring->head];
    if (ring->filled == 1) {
        *cell = 0;
    }
    if (value != TINY_MISSING) {
        const int64_t square = (int64_t)value * value;
        *cell = *cell > INT64_MAX - square ? INT64_MAX : *cell + square;
    }
}

int32_t tiny_window_mean(const tiny_ring_t *ring, uint8_t size, const uint8_t *counts,
                         const int32_t *sums) {
    const uint16_t n = readings(ring, size, counts);
    return n == 0 ? TINY_MISSING : tiny_quotient(add_up(ring, sums), n);
}

int32_t tiny_window_sum(const tiny_ring_t *ring, uint8_t size, const uint8_t *counts,
                        const int32_t *sums, uint32_t hours, uint32_t per) {
    const uint16_t n = readings(ring, size, counts);
    if (n == 0) {
        return TINY_MISSING;
    }
    const uint64_t total = (uint64_t)add_up(ring, sums) * hours;
    return tiny_quotient((int64_t)total, (uint64_t)n * per);
}

int32_t tiny_window_min(const tiny_ring_t *ring, uint8_t size, const uint8_t *counts,
                        const int32_t *minima) {
    int32_t lowest = TINY_MISSING;
    if (readings(ring, size, counts) != 0) {
        for (uint8_t i = 0; i < ring->begun; i++) {
            if (minima[i] != TINY_MISSING && (lowest == TINY_MISSING || minima[i] < lowest)) {
                lowest = minima[i];
            }
        }
    }
    return lowest;
}

int32_t tiny_window_max(const tiny_ring_t *ring, uint8_t size, const uint8_t *counts,
                        const int32_t *maxima) {
    int32_t highest = TINY_MISSING;
    if (readings(ring, size, counts) != 0) {
        for (uint8_t i = 0; i < ring->begun; i++) {
            if (maxima[i] > highest) {
                highest = maxima[i];
            }
        }
    }
    return highest;
}

int32_t tiny_window_oldest(const tiny_ring_t *ring, uint8_t buckets, uint8_t size,
                           const uint8_t *counts, const int32_t *sums) {
    if (ring->begun < buckets) {
        return TINY_MISSING;
    }
    const uint8_t at = (uint8_t)(ring->head + 1U == buckets ? 0U : ring->head + 1U);
    return 2U * counts[at] < size ? TINY_MISSING : tiny_quotient(sums[at], counts[at]);
}

int32_t tiny_window_std(const tiny_ring_t *ring, uint8_t size, const uint8_t *counts,
                        const int32_t *sums, const int64_t *squares) {
    const uint16_t n = readings(ring, size, counts);
    if (n == 0) {
        return TINY_MISSING;
    }
    uint64_t total = 0;
    for (uint8_t i = 0; i < ring->begun; i++) {
        total += (uint64_t)squares[i];
    }
    const uint64_t sum = (uint64_t)add_up(ring, sums);
    const uint64_t spread = n * total - sum * sum; /* n^2 times the variance */
    /* floor(2 s) from floor(4 s^2); then round(s) = (floor(2 s) + 1) / 2 */
    const uint32_t twice = tiny_root(4 * spread / ((uint32_t)n * n));
    const uint32_t once = twice / 2 + twice % 2;
    return once > INT32_MAX ? INT32_MAX : (int32_t)once;
}

int32_t tiny_window_slope(const tiny_ring_t *ring, uint8_t buckets, uint8_t size,
                          const uint8_t *counts, const int32_t *sums, uint32_t scale,
                          uint32_t per) {
    const uint16_t n = readings(ring, size, counts);
    uint8_t used = 0;
    uint32_t x_sum = 0; /* sums over readings; x = age in half samples */
    uint64_t xx_sum = 0;
    uint64_t xy_sum = 0;
    uint8_t at = ring->head;
    uint32_t x = ring->filled - 1U; /* twice the age of the newest bucket's middle */
    for (uint8_t i = 0; i < ring->begun; i++) {
        const uint32_t nx = counts[at] * x;
        used = (uint8_t)(used + (counts[at] != 0));
        x_sum += nx;
        xx_sum += (uint64_t)nx * x;
        xy_sum += (uint64_t)((int64_t)sums[at] * (int32_t)x);
        x += i == 0 ? (uint32_t)ring->filled + size : 2U * size;
        at = (uint8_t)(at == 0 ? buckets - 1U : at - 1U);
    }
    if (n == 0 || used < 2 || 2U * used < buckets) {
        return TINY_MISSING;
    }
    /* Age runs against time: the covariance changes its sign. */
    const uint64_t covariance = x_sum * (uint64_t)add_up(ring, sums) - n * xy_sum;
    const uint64_t variance = n * xx_sum - (uint64_t)x_sum * x_sum; /* > 0: two ages at least */
    return tiny_quotient((int64_t)(covariance * scale), variance * per);
}

void tiny_last_init(tiny_last_t *last) {
    last->value = TINY_MISSING;
    last->age = 0;
}

void tiny_last_push(tiny_last_t *last, int32_t value) {
    if (value != TINY_MISSING) {
        last->value = value;
        last->age = 0;
    } else if (last->age >= TINY_LAST_HOLD) {
        last->value = TINY_MISSING;
    } else {
        last->age++;
    }
}

int32_t tiny_last(const tiny_last_t *last) {
    return last->value;
}

void tiny_one_hot(int32_t value, uint8_t width, int32_t *out) {
    const bool known = value >= 0 && value < width;
    for (uint8_t i = 0; i < width; i++) {
        out[i] = known ? value == i : TINY_MISSING;
    }
}

tiny_status_t tiny_complete(const int32_t *values, uint8_t n) {
    for (uint8_t i = 0; i < n; i++) {
        if (values[i] == TINY_MISSING) {
            return TINY_E_MISSING;
        }
    }
    return TINY_OK;
}
