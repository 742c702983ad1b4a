/* From a feature (int32, its own scale) to a model's int8 input, without a float.
 *
 * The training side picks offset, mult and shift so that (x - offset) * mult / 2^shift counts
 * quantization steps; it keeps 0 < mult < 2^30, which no int32 x can make overflow. */
#ifndef TINY_FEATURES_QUANTIZE_H
#define TINY_FEATURES_QUANTIZE_H

#include "../tiny.h"

/* clamp(round((x - offset) * mult / 2^shift) + zero_point, -128, 127), half away from zero.
 * shift <= 62. x must not be TINY_MISSING. */
static inline int8_t tiny_quantize(int32_t x, int32_t offset, int32_t mult, uint8_t shift,
                                   int8_t zero_point) {
    const int64_t product = ((int64_t)x - offset) * mult;
    const uint64_t size = product < 0 ? 0U - (uint64_t)product : (uint64_t)product;
    /* Is (size + 2^(shift - 1)) >> shift with one 64-bit shift less: an AVR has no shifter. */
    const uint64_t rounded = shift == 0 ? size : ((size >> (shift - 1)) + 1U) >> 1;
    /* Beyond 255 steps every zero point clamps; below, the sum fits. */
    const int16_t steps = (int16_t)(rounded > 255 ? 255 : rounded);
    const int16_t sum = (int16_t)(zero_point + (product < 0 ? -steps : steps));
    if (sum > INT8_MAX) {
        return INT8_MAX;
    }
    return sum < INT8_MIN ? INT8_MIN : (int8_t)sum;
}

#endif
