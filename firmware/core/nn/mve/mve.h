/* What the kernels for the M-profile vector extension (Helium: Cortex-M55, M85) share.
 *
 * Each of them has a portable body too, over the same arrays, so that the generated C compiles and
 * gives the same bytes everywhere. The vector bodies are written for gcc: where it would spill
 * (eight vector registers are few), the inner loop is assembly, which needs an optimising build. */
#ifndef TINY_NN_MVE_MVE_H
#define TINY_NN_MVE_MVE_H

#include "../fixed.h"
#include "dot.h"

#if defined(TINY_MVE)
#include <arm_mve.h>
#endif

/* How four sums become outputs; shifts are TFLite's, negative ones to the right. */
enum {
    /* VQRDMULH, VRSHL. Right where no sum that matters is negative (ReLU), as VRSHL rounds half up
     * and TFLite half away from zero; or where the compiler has proved it. All shifts <= 0. */
    TINY_MVE_HALF_UP = 0,
    /* The same, negative ones moved down by one before the shift. All shifts < 0. */
    TINY_MVE_HALF_AWAY = 1,
    /* Any shifts. */
    TINY_MVE_ANY_SHIFT = 2
};

/* A number in a stream of bytes, little-endian. */
static inline int32_t tiny_mve_word(const int8_t TINY_ROM *p) {
    return (int32_t)((uint32_t)(uint8_t)p[0] | (uint32_t)(uint8_t)p[1] << 8 |
                     (uint32_t)(uint8_t)p[2] << 16 | (uint32_t)(uint8_t)p[3] << 24);
}

/* What the vector bodies compute, for one sum. */
static inline int32_t tiny_mve_requantize(int32_t x, int32_t mult, int8_t shift, uint8_t scaling) {
    if (scaling != TINY_MVE_HALF_UP) {
        return tiny_requantize(x, mult, shift, TINY_ROUND_TWICE);
    }
    const int32_t first = tiny_doubling_high_mul(x, mult);
    return shift == 0 ? first
                      : (int32_t)(((int64_t)first + ((int64_t)1 << (-shift - 1))) >> -shift);
}

#if defined(TINY_MVE)

/* Sums to outputs, not yet clamped; the multiplier and the shift of each lane. */
TINY_INNER int32x4_t tiny_mve_scale(int32x4_t x, int32x4_t mult, int32x4_t shift, uint8_t scaling) {
    if (scaling == TINY_MVE_ANY_SHIFT) {
        const int32x4_t zero = vdupq_n_s32(0);
        x = vqrdmulhq_s32(vshlq_s32(x, vmaxq_s32(shift, zero)), mult);
        shift = vminq_s32(shift, zero);
        x = vqaddq_s32(x, vshrq_n_s32(vandq_s32(x, shift), 31));
        return vrshlq_s32(x, shift);
    }
    x = vqrdmulhq_s32(x, mult);
    if (scaling == TINY_MVE_HALF_AWAY) {
        x = vqaddq_s32(x, vshrq_n_s32(x, 31));
    }
    return vrshlq_s32(x, shift);
}

/* Sums to outputs by one multiplier and any one shift. */
TINY_INNER int32x4_t tiny_mve_scale_all(int32x4_t x, int32_t mult, int32_t shift) {
    const int32_t right = shift < 0 ? shift : 0;
    x = vqrdmulhq_n_s32(vshlq_r_s32(x, shift - right), mult);
    x = vqaddq_s32(x, vandq_s32(vshrq_n_s32(x, 31), vdupq_n_s32(right >> 31)));
    return vrshlq_n_s32(x, right);
}

#endif

#endif
