#include "when.h"

#define DAY_S  86400u
#define YEAR_S 31556952u /* the calendar's mean: 365.2425 d */

#define QUARTER 0x4000u

/* Hastings' coefficients in 2^-15. */
#define C1 51466L
#define C3 (-21077L)
#define C5 2383L

int32_t tiny_when_sine(uint16_t turn) {
    const bool negative = turn >= 2u * QUARTER;
    uint16_t quarters = (uint16_t)(turn & (2u * QUARTER - 1u));
    if (quarters > QUARTER) {
        quarters = (uint16_t)(2u * QUARTER - quarters);
    }
    const int32_t x = quarters; /* 2^-14 quarter turns */
    const int32_t x2 = (x * x) >> 14;
    const int32_t inner = (int32_t)(C3 + ((C5 * x2) >> 14));
    const int32_t factor = (int32_t)(C1 + inner * x2 / (1 << 14));
    const int32_t sine = (((factor * x) >> 14) * 1000 + (1 << 14)) >> 15;
    return negative ? -sine : sine;
}

static void cyclic(uint32_t phase, uint32_t period, int32_t *out) {
    const uint16_t turn = (uint16_t)(((uint64_t)phase << 16) / period);
    out[0] = tiny_when_sine(turn);
    out[1] = tiny_when_sine((uint16_t)(turn + QUARTER));
}

int32_t tiny_when_hour(const tiny_when_t *when) {
    return when->second == TINY_MISSING ? TINY_MISSING : when->second / 36;
}

void tiny_when_hour_cyclic(const tiny_when_t *when, int32_t *out) {
    if (when->second == TINY_MISSING) {
        out[0] = out[1] = TINY_MISSING;
        return;
    }
    cyclic((uint32_t)when->second, DAY_S, out);
}

void tiny_when_year_cyclic(const tiny_when_t *when, int32_t *out) {
    if (when->second == TINY_MISSING || when->date == TINY_MISSING) {
        out[0] = out[1] = TINY_MISSING;
        return;
    }
    int64_t at = ((int64_t)when->date * DAY_S + when->second) % YEAR_S;
    if (at < 0) {
        at += YEAR_S;
    }
    cyclic((uint32_t)at, YEAR_S, out);
}
