#include "signal.h"

/* Sums over a window. */
typedef struct {
    int32_t sum;
    uint64_t squares;
} sums_t;

static sums_t add_up(const int16_t *x, uint16_t n) {
    int32_t sum = 0;
    uint32_t low = 0; /* of the squares: an AVR adds 32 bits in half the time */
    uint16_t high = 0;
    for (uint16_t i = 0; i < n; i++) {
        const uint32_t square = (uint32_t)((int32_t)x[i] * x[i]);
        sum += x[i];
        low += square;
        high = (uint16_t)(high + (low < square));
    }
    const sums_t sums = {sum, ((uint64_t)high << 32) | low};
    return sums;
}

int32_t tiny_signal_sum(const int16_t *x, uint16_t n) {
    int32_t sum = 0;
    for (uint16_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return sum;
}

/* 100 * root(whole) / n, whole < 2^50. */
static int32_t root_hundredths(uint64_t whole, uint16_t n) {
    return tiny_quotient((int64_t)tiny_root(10000U * whole), n);
}

int32_t tiny_signal_mean(const int16_t *x, uint16_t n) {
    return n == 0 ? TINY_MISSING : tiny_quotient((int64_t)tiny_signal_sum(x, n) * 100, n);
}

int32_t tiny_signal_min(const int16_t *x, uint16_t n) {
    if (n == 0) {
        return TINY_MISSING;
    }
    int16_t least = x[0];
    for (uint16_t i = 1; i < n; i++) {
        least = x[i] < least ? x[i] : least;
    }
    return least;
}

int32_t tiny_signal_max(const int16_t *x, uint16_t n) {
    if (n == 0) {
        return TINY_MISSING;
    }
    int16_t greatest = x[0];
    for (uint16_t i = 1; i < n; i++) {
        greatest = x[i] > greatest ? x[i] : greatest;
    }
    return greatest;
}

int32_t tiny_signal_range(const int16_t *x, uint16_t n) {
    return n == 0 ? TINY_MISSING : tiny_signal_max(x, n) - tiny_signal_min(x, n);
}

int32_t tiny_signal_std(const int16_t *x, uint16_t n) {
    if (n == 0) {
        return TINY_MISSING;
    }
    const sums_t sums = add_up(x, n);
    return root_hundredths(n * sums.squares - (uint64_t)((int64_t)sums.sum * sums.sum), n);
}

int32_t tiny_signal_rms(const int16_t *x, uint16_t n) {
    return n == 0 ? TINY_MISSING : root_hundredths(n * add_up(x, n).squares, n);
}

int32_t tiny_signal_mean_abs(const int16_t *x, uint16_t n) {
    if (n == 0) {
        return TINY_MISSING;
    }
    int32_t sum = 0;
    for (uint16_t i = 0; i < n; i++) {
        sum += x[i] < 0 ? -(int32_t)x[i] : x[i];
    }
    return tiny_quotient((int64_t)sum * 100, n);
}

/* 2000 log10(2) / 32768 = 60206 / 3276800 */
int32_t tiny_signal_level(const int16_t *x, uint16_t n) {
    const int32_t std = tiny_signal_std(x, n);
    return std == TINY_MISSING ? TINY_MISSING
                               : tiny_scaled(tiny_log2((uint32_t)std), 60206, 3276800U);
}

/* Sign changes of n * x - level. */
static int32_t crossings(const int16_t *x, uint16_t n, int32_t level) {
    int32_t count = 0;
    int8_t before = 0;
    for (uint16_t i = 0; i < n; i++) {
        const int32_t above = (int32_t)x[i] * n - level;
        const int8_t sign = (int8_t)((above > 0) - (above < 0));
        if (sign != 0) {
            count += sign == -before;
            before = sign;
        }
    }
    return count;
}

int32_t tiny_signal_zero_crossings(const int16_t *x, uint16_t n) {
    return n == 0 ? TINY_MISSING : crossings(x, n, 0);
}

int32_t tiny_signal_mean_crossings(const int16_t *x, uint16_t n) {
    return n == 0 ? TINY_MISSING : crossings(x, n, tiny_signal_sum(x, n));
}

tiny_signal_centre_t tiny_signal_centre(const int16_t *x, uint16_t n, uint8_t bits) {
    tiny_signal_centre_t centre = {tiny_signal_sum(x, n), n, 0};
    uint32_t greatest = 0;
    for (uint16_t i = 0; i < n; i++) {
        const int32_t away = (int32_t)x[i] * n - centre.sum; /* < 2^26 */
        const uint32_t size = (uint32_t)(away < 0 ? -away : away);
        greatest = size > greatest ? size : greatest;
    }
    const uint32_t limit = (uint32_t)1 << bits;
    for (; greatest >= limit; greatest >>= 1) {
        centre.up--;
    }
    for (; greatest != 0 && greatest < limit / 2U; greatest <<= 1) {
        centre.up++;
    }
    return centre;
}

int32_t tiny_signal_centred(const tiny_signal_centre_t *centre, int16_t x) {
    const int32_t away = (int32_t)x * centre->n - centre->sum;
    if (centre->up >= 0) {
        return away * ((int32_t)1 << centre->up);
    }
    const uint8_t down = (uint8_t)-centre->up;
    return (away + ((int32_t)1 << (down - 1U))) >> down;
}

void tiny_signal_jerk(const int16_t *x, uint16_t n, int16_t *out) {
    for (uint16_t i = 1; i < n; i++) {
        out[i - 1U] = tiny_signal_held((int32_t)x[i] - x[i - 1U]);
    }
}
