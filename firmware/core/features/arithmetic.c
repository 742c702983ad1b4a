#include "arithmetic.h"

/* Most quotients fit 32 bits, where an AVR divides four times as fast. */
int32_t tiny_quotient(int64_t numerator, uint64_t denominator) {
    const bool negative = numerator < 0;
    const uint64_t raised = tiny_size(numerator) + denominator / 2;
    uint64_t quotient;
    if (raised <= UINT32_MAX && denominator <= UINT32_MAX) {
        quotient = (uint32_t)raised / (uint32_t)denominator;
    } else {
        quotient = raised / denominator;
    }
    if (quotient > INT32_MAX) {
        quotient = INT32_MAX;
    }
    return negative ? -(int32_t)quotient : (int32_t)quotient;
}

int32_t tiny_scaled(int32_t value, int32_t numerator, uint32_t denominator) {
    return value == TINY_MISSING ? TINY_MISSING
                                 : tiny_quotient((int64_t)value * numerator, denominator);
}

/* A bit of the root at a time, from the top. */
uint32_t tiny_root(uint64_t value) {
    uint64_t rest = value;
    uint64_t root = 0;
    for (uint64_t bit = (uint64_t)1 << 62; bit != 0; bit >>= 2) {
        if (rest >= root + bit) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (uint32_t)root;
}

uint16_t tiny_root_32(uint32_t value) {
    uint32_t rest = value;
    uint32_t root = 0;
    uint32_t bit = (uint32_t)1 << 30;
    while (bit > value) {
        bit >>= 2;
    }
    for (; bit != 0; bit >>= 2) {
        if (rest >= root + bit) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    /* What is left is value - root^2; the middle between root^2 and (root + 1)^2 is root^2 + root +
     * 1/4. The root of 2^32 - 1 would round to 65536. */
    return (uint16_t)(rest > root && root < UINT16_MAX ? root + 1U : root);
}
