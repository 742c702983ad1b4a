/* From the output of a model that gives a number to an int32 in its unit and scale. */
#ifndef TINY_VALUE_H
#define TINY_VALUE_H

#include "tiny.h"

/* clamp(round((out - zero) * mult / 2^shift), low, high), half away from zero. The training side
 * picks mult and shift so that this counts steps of the target; it keeps 0 < mult < 2^30 and
 * shift <= 62, so that nothing overflows. */
static inline int32_t tiny_value(int32_t out, int32_t zero, int32_t mult, uint8_t shift,
                                 int32_t low, int32_t high) {
    const int64_t product = ((int64_t)out - zero) * mult;
    const uint64_t size = product < 0 ? 0U - (uint64_t)product : (uint64_t)product;
    const uint64_t rounded = shift == 0 ? size : ((size >> (shift - 1)) + 1U) >> 1;
    const int64_t value = product < 0 ? -(int64_t)rounded : (int64_t)rounded;
    if (value < low) {
        return low;
    }
    return value > high ? high : (int32_t)value;
}

#endif
