/* Sums, means and extremes over any axes, int16; zero points are 0. The loops are those of
 * reduce.h. Source: TFLite reference_ops QuantizedMeanOrSum, ReduceGeneric. */
#ifndef TINY_NN_REDUCE_16X8_H
#define TINY_NN_REDUCE_16X8_H

#include "fixed.h"

/* A mean's multiplier takes in 1/n. */
TINY_KERNEL void tiny_sum_16x8(const int16_t *in, int16_t *out, uint16_t n_a, int32_t s_a,
                               uint16_t n_b, int32_t s_b, uint16_t n_c, int32_t s_c, uint16_t m_a,
                               int32_t t_a, uint16_t m_b, int32_t t_b, uint16_t m_c, int32_t t_c,
                               int32_t mult, int8_t shift) {
    for (uint16_t a = 0; a < n_a; a++) {
        for (uint16_t b = 0; b < n_b; b++) {
            for (uint16_t c = 0; c < n_c; c++) {
                int32_t sum = 0;
                for (uint16_t i = 0; i < m_a; i++) {
                    for (uint16_t j = 0; j < m_b; j++) {
                        const int16_t *x = in + a * s_a + b * s_b + c * s_c + i * t_a + j * t_b;
                        for (uint16_t k = 0; k < m_c; k++) {
                            sum += *x;
                            x += t_c;
                        }
                    }
                }
                const int32_t scaled = tiny_requantize(sum, mult, shift, TINY_ROUND_TWICE);
                *out++ = (int16_t)tiny_clamp(scaled, INT16_MIN, INT16_MAX);
            }
        }
    }
}

/* The greatest where sign is 1, the least where it is −1. */
TINY_KERNEL void tiny_extreme_16x8(const int16_t *in, int16_t *out, uint16_t n_a, int32_t s_a,
                                   uint16_t n_b, int32_t s_b, uint16_t n_c, int32_t s_c,
                                   uint16_t m_a, int32_t t_a, uint16_t m_b, int32_t t_b,
                                   uint16_t m_c, int32_t t_c, int8_t sign) {
    for (uint16_t a = 0; a < n_a; a++) {
        for (uint16_t b = 0; b < n_b; b++) {
            for (uint16_t c = 0; c < n_c; c++) {
                int16_t found = sign > 0 ? INT16_MIN : INT16_MAX;
                for (uint16_t i = 0; i < m_a; i++) {
                    for (uint16_t j = 0; j < m_b; j++) {
                        const int16_t *x = in + a * s_a + b * s_b + c * s_c + i * t_a + j * t_b;
                        for (uint16_t k = 0; k < m_c; k++) {
                            if (sign > 0 ? *x > found : *x < found) {
                                found = *x;
                            }
                            x += t_c;
                        }
                    }
                }
                *out++ = found;
            }
        }
    }
}

#endif
