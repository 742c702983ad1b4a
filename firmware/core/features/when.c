#include "when.h"

#include "arithmetic.h"

#define DAY_S  86400u
#define YEAR_S 31556952u /* the calendar's mean: 365.2425 d */

#define QUARTER 0x4000u

int32_t tiny_when_sine(uint16_t turn) {
    return ((int32_t)tiny_sine(turn) * 1000 + ((int32_t)1 << 14)) >> 15;
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
