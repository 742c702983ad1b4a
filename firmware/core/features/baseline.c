#include "baseline.h"

#include "arithmetic.h"

#define ONE 65536

void tiny_ewma_push(tiny_ewma_t *ewma, int32_t value, uint16_t n) {
    if (value == TINY_MISSING) {
        if (ewma->seen != 0 && ++ewma->gap >= n) {
            ewma->seen = 0;
        }
        return;
    }
    ewma->gap = 0;
    if (ewma->seen == 0) {
        ewma->level = 0; /* the first reading moves it all the way */
    }
    if (ewma->seen < n) {
        ewma->seen++;
    }
    const int64_t way = (int64_t)value * ONE - ewma->level; /* < 2^48: both lie within int32 */
    const uint64_t size = way < 0 ? 0U - (uint64_t)way : (uint64_t)way;
    const int64_t step = (int64_t)((size + ewma->seen / 2U) / ewma->seen);
    ewma->level += way < 0 ? -step : step;
}

int32_t tiny_ewma(const tiny_ewma_t *ewma) {
    if (ewma->seen == 0) {
        return TINY_MISSING;
    }
    const bool negative = ewma->level < 0;
    const uint64_t size = negative ? 0U - (uint64_t)ewma->level : (uint64_t)ewma->level;
    /* No larger than the largest reading, and no reading is TINY_MISSING. */
    const int32_t whole = (int32_t)((size + ONE / 2) / ONE);
    return negative ? -whole : whole;
}

static int32_t held(int64_t value) {
    if (value > INT32_MAX) {
        return INT32_MAX;
    }
    return value < -INT32_MAX ? -INT32_MAX : (int32_t)value;
}

int32_t tiny_finer(int32_t value, int32_t factor) {
    return value == TINY_MISSING ? TINY_MISSING : held((int64_t)value * factor);
}

int32_t tiny_difference(int32_t a, int32_t b) {
    return a == TINY_MISSING || b == TINY_MISSING ? TINY_MISSING : held((int64_t)a - b);
}

int32_t tiny_relative(int32_t value, int32_t level) {
    if (value == TINY_MISSING || level == TINY_MISSING) {
        return TINY_MISSING;
    }
    return tiny_quotient((int64_t)value * 1000, level < 1 ? 1U : (uint64_t)level);
}
