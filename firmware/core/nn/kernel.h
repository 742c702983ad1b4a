/* What every kernel shares.
 *
 * A kernel is a function in a header whose shapes, strides and scales arrive as literals: inlined
 * into the generated model, the C compiler specialises it and drops what a layer does not use.
 * With TINY_SMALL (the default on AVR) each kernel is one shared function instead: less flash,
 * more cycles. */
#ifndef TINY_NN_KERNEL_H
#define TINY_NN_KERNEL_H

#include "../tiny.h"

#if defined(__AVR__) && !defined(TINY_SMALL)
#define TINY_SMALL 1
#endif

#if defined(TINY_SMALL)
#define TINY_KERNEL static __attribute__((noinline, unused))
#elif defined(__GNUC__)
#define TINY_KERNEL static inline __attribute__((always_inline, unused))
#else
#define TINY_KERNEL static inline
#endif

/* An inner loop: a function of its own only where registers are too few to hold more (AVR). */
#if defined(__AVR__)
#define TINY_INNER static __attribute__((noinline, unused))
#elif defined(__GNUC__)
#define TINY_INNER static inline __attribute__((always_inline, unused))
#else
#define TINY_INNER static inline
#endif

#if defined(__cplusplus)
#define TINY_STATIC_ASSERT(fact, text) static_assert(fact, text)
#else
#define TINY_STATIC_ASSERT(fact, text) _Static_assert(fact, text)
#endif

static inline int32_t tiny_clamp(int32_t x, int32_t low, int32_t high) {
    return x < low ? low : (x > high ? high : x);
}

#endif
