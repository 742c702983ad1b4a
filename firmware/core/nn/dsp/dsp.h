/* The Arm DSP extension's instructions (Cortex-M4, M7, M33) by name, and the same in plain C, so
 * that the kernels built on them run, and are tested, anywhere. */
#ifndef TINY_NN_DSP_DSP_H
#define TINY_NN_DSP_DSP_H

#include <string.h>

#include "../kernel.h"

/* Loops written in assembly use all fourteen registers, so they are for an optimizing compiler;
 * where a build keeps frame pointers, or reserves a register, define TINY_NO_ASM: the bytes are the
 * same. */
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
#define TINY_DSP 1
#if defined(__OPTIMIZE__) && defined(__thumb2__) && !defined(__clang__) && !defined(TINY_NO_ASM)
#define TINY_DSP_ASM 1
#endif
#endif

/* Four bytes or two halfwords at any address, as one word. */
static inline uint32_t tiny_word(const void *at) {
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* The signed halves of a word. */
static inline int32_t tiny_low_half(uint32_t x) {
    return (int32_t)(x & 0xffffu) - (int32_t)((x & 0x8000u) << 1);
}

static inline int32_t tiny_high_half(uint32_t x) {
    return tiny_low_half(x >> 16);
}

static inline uint32_t tiny_halves(int32_t low, int32_t high) {
    return ((uint32_t)low & 0xffffu) | ((uint32_t)high << 16);
}

/* Both low halves, x's below. */
static inline uint32_t tiny_lows(uint32_t x, uint32_t y) {
#if defined(TINY_DSP)
    uint32_t pair;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(pair) : "r"(x), "r"(y));
    return pair;
#else
    return (x & 0xffffu) | (y << 16);
#endif
}

/* Both high halves, x's below. */
static inline uint32_t tiny_highs(uint32_t x, uint32_t y) {
#if defined(TINY_DSP)
    uint32_t pair;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(pair) : "r"(y), "r"(x));
    return pair;
#else
    return (x >> 16) | (y & 0xffff0000u);
#endif
}

/* sum + x.low·y.low + x.high·y.high, modulo 2^32. */
static inline uint32_t tiny_smlad(uint32_t x, uint32_t y, uint32_t sum) {
#if defined(TINY_DSP)
    __asm__("smlad %0, %1, %2, %3" : "=r"(sum) : "r"(x), "r"(y), "r"(sum));
    return sum;
#else
    return sum + (uint32_t)(tiny_low_half(x) * tiny_low_half(y)) +
           (uint32_t)(tiny_high_half(x) * tiny_high_half(y));
#endif
}

/* sum + x.low·y.low, modulo 2^32. */
static inline uint32_t tiny_smlabb(uint32_t x, uint32_t y, uint32_t sum) {
#if defined(TINY_DSP)
    __asm__("smlabb %0, %1, %2, %0" : "+r"(sum) : "r"(x), "r"(y));
    return sum;
#else
    return sum + (uint32_t)(tiny_low_half(x) * tiny_low_half(y));
#endif
}

/* sum + x.high·y.high, modulo 2^32. */
static inline uint32_t tiny_smlatt(uint32_t x, uint32_t y, uint32_t sum) {
#if defined(TINY_DSP)
    __asm__("smlatt %0, %1, %2, %0" : "+r"(sum) : "r"(x), "r"(y));
    return sum;
#else
    return sum + (uint32_t)(tiny_high_half(x) * tiny_high_half(y));
#endif
}

/* Bytes 0 and 2, sign-extended to halves. */
static inline uint32_t tiny_sxtb16(uint32_t x) {
#if defined(TINY_DSP)
    uint32_t halves;
    __asm__("sxtb16 %0, %1" : "=r"(halves) : "r"(x));
    return halves;
#else
    return tiny_halves((int8_t)(x & 0xffu), (int8_t)((x >> 16) & 0xffu));
#endif
}

/* Bytes 1 and 3, sign-extended to halves. */
static inline uint32_t tiny_sxtb16_odd(uint32_t x) {
#if defined(TINY_DSP)
    uint32_t halves;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(x));
    return halves;
#else
    return tiny_sxtb16(x >> 8);
#endif
}

/* sum's halves + bytes 0 and 2 of x, sign-extended. */
static inline uint32_t tiny_sxtab16(uint32_t sum, uint32_t x) {
#if defined(TINY_DSP)
    __asm__("sxtab16 %0, %0, %1" : "+r"(sum) : "r"(x));
    return sum;
#else
    return tiny_halves(tiny_low_half(sum) + (int8_t)(x & 0xffu),
                       tiny_high_half(sum) + (int8_t)((x >> 16) & 0xffu));
#endif
}

/* The same with bytes 1 and 3. */
static inline uint32_t tiny_sxtab16_odd(uint32_t sum, uint32_t x) {
#if defined(TINY_DSP)
    __asm__("sxtab16 %0, %0, %1, ror #8" : "+r"(sum) : "r"(x));
    return sum;
#else
    return tiny_sxtab16(sum, x >> 8);
#endif
}

/* (x·y + 2^31) / 2^32, rounded down. */
static inline int32_t tiny_smmulr(int32_t x, int32_t y) {
#if defined(TINY_DSP)
    int32_t high;
    __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(x), "r"(y));
    return high;
#else
    return (int32_t)(((int64_t)x * y + ((int64_t)1 << 31)) >> 32);
#endif
}

/* x·y / 2^32 + sum, rounded down. */
static inline int32_t tiny_smmla(int32_t x, int32_t y, int32_t sum) {
#if defined(TINY_DSP)
    __asm__("smmla %0, %1, %2, %3" : "=r"(sum) : "r"(x), "r"(y), "r"(sum));
    return sum;
#else
    return (int32_t)(((int64_t)x * y) >> 32) + sum;
#endif
}

/* x / 2^n rounded down; n in 0..31 in the lowest byte. */
static inline int32_t tiny_asr(int32_t x, uint32_t n) {
#if defined(TINY_DSP)
    __asm__("asr %0, %1, %2" : "=r"(x) : "r"(x), "r"(n));
    return x;
#else
    return x >> (n & 0xffu);
#endif
}

/* x saturated to int8. */
static inline int32_t tiny_ssat8(int32_t x) {
#if defined(TINY_DSP)
    __asm__("ssat %0, #8, %1" : "=r"(x) : "r"(x));
    return x;
#else
    return tiny_clamp(x, INT8_MIN, INT8_MAX);
#endif
}

#endif
