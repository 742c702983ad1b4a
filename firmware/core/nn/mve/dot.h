/* Dot products for MVE, 16 or 8 products an instruction; the last ones are left out by the loop. */
#ifndef TINY_NN_MVE_DOT_H
#define TINY_NN_MVE_DOT_H

#include "../kernel.h"

/* gcc alone: clang has no name for the predicate register, which these kernels write. */
#if defined(__ARM_FEATURE_MVE) && defined(__GNUC__) && !defined(__clang__) &&                      \
    defined(__OPTIMIZE__) && !defined(TINY_NO_MVE)
#define TINY_MVE 1

TINY_INNER int32_t tiny_mve_dot(const int8_t *in, const int8_t *weights, int32_t sum, uint32_t n) {
    __asm__("wlstp.8 lr, %[n], 2f\n"
            "1:\n"
            "vldrb.8 q0, [%[in]], #16\n"
            "vldrb.8 q1, [%[weights]], #16\n"
            "vmladava.s8 %[sum], q0, q1\n"
            "letp lr, 1b\n"
            "2:\n"
            : [in] "+r"(in), [weights] "+l"(weights), [sum] "+Te"(sum)
            : [n] "r"(n)
            : "lr", "q0", "q1", "memory");
    return sum;
}

/* Modulo 2^32. */
TINY_INNER int32_t tiny_mve_dot_16x8(const int16_t *in, const int8_t *weights, int32_t sum,
                                     uint32_t n) {
    __asm__("wlstp.16 lr, %[n], 2f\n"
            "1:\n"
            "vldrh.16 q0, [%[in]], #16\n"
            "vldrb.s16 q1, [%[weights]], #8\n"
            "vmladava.s16 %[sum], q0, q1\n"
            "letp lr, 1b\n"
            "2:\n"
            : [in] "+r"(in), [weights] "+l"(weights), [sum] "+Te"(sum)
            : [n] "r"(n)
            : "lr", "q0", "q1", "memory");
    return sum;
}

#endif

#endif
