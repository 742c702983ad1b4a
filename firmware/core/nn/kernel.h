/* What every kernel shares.
 *
 * A kernel is a function in a header that is inlined into the generated model: what arrives as a
 * literal the C compiler specialises, and drops what a layer does not use. Where several layers
 * take one kernel, the generated C has one function that they share. */
#ifndef TINY_NN_KERNEL_H
#define TINY_NN_KERNEL_H

#include "../tiny.h"

#if defined(__GNUC__)
#define TINY_KERNEL static inline __attribute__((always_inline, unused))
#define TINY_SHARED static __attribute__((noinline))
#else
#define TINY_KERNEL static inline
#define TINY_SHARED static
#endif

#if defined(__GNUC__)
#define TINY_ALIGN(n) __attribute__((aligned(n)))
#elif defined(__cplusplus)
#define TINY_ALIGN(n) alignas(n)
#else
#define TINY_ALIGN(n) _Alignas(n)
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

/* Marks in the generated model where step n begins; the last mark is its end. For profiling. */
#if !defined(TINY_STEP)
#define TINY_STEP(n) ((void)0)
#endif

/* Row r of an image in a buffer that holds `ring` of its `rows` rows. */
static inline int16_t tiny_ring(int16_t r, int16_t ring, int16_t rows) {
    return (int16_t)(ring == rows ? r : r % ring);
}

static inline int16_t tiny_least(int32_t a, int32_t b) {
    return (int16_t)(a < b ? a : b);
}

static inline int32_t tiny_clamp(int32_t x, int32_t low, int32_t high) {
    return x < low ? low : (x > high ? high : x);
}

#endif
