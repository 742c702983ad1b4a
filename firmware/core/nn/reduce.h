/* Sums, means and extremes over any axes, int8.
 *
 * The axes that stay are up to three loops n_x with step s_x, those that go are up to three m_x
 * with step t_x. Source: TFLite reference_ops QuantizedMeanOrSum, ReduceGeneric. */
#ifndef TINY_NN_REDUCE_H
#define TINY_NN_REDUCE_H

#include "fixed.h"

/* start is −zero_point · count. With `unsigned_bits`, bytes are taken as unsigned. */
TINY_KERNEL void tiny_sum(const int8_t *in, int8_t *out, uint16_t n_a, int32_t s_a, uint16_t n_b,
                          int32_t s_b, uint16_t n_c, int32_t s_c, uint16_t m_a, int32_t t_a,
                          uint16_t m_b, int32_t t_b, uint16_t m_c, int32_t t_c, int32_t start,
                          uint8_t unsigned_bits, int32_t mult, int8_t shift, int16_t zero_point) {
    const int16_t low = unsigned_bits != 0u ? 0 : INT8_MIN;
    const int16_t high = unsigned_bits != 0u ? UINT8_MAX : INT8_MAX;
    for (uint16_t a = 0; a < n_a; a++) {
        for (uint16_t b = 0; b < n_b; b++) {
            for (uint16_t c = 0; c < n_c; c++) {
                int32_t sum = start;
                for (uint16_t i = 0; i < m_a; i++) {
                    for (uint16_t j = 0; j < m_b; j++) {
                        const int8_t *x = in + a * s_a + b * s_b + c * s_c + i * t_a + j * t_b;
                        for (uint16_t k = 0; k < m_c; k++) {
                            sum += unsigned_bits != 0u ? (uint8_t)*x : *x;
                            x += t_c;
                        }
                    }
                }
                const int32_t scaled = tiny_requantize(sum, mult, shift, TINY_ROUND_TWICE);
                *out++ = (int8_t)tiny_clamp(scaled + zero_point, low, high);
            }
        }
    }
}

/* The greatest where sign is 1, the least where it is −1. */
TINY_KERNEL void tiny_extreme(const int8_t *in, int8_t *out, uint16_t n_a, int32_t s_a,
                              uint16_t n_b, int32_t s_b, uint16_t n_c, int32_t s_c, uint16_t m_a,
                              int32_t t_a, uint16_t m_b, int32_t t_b, uint16_t m_c, int32_t t_c,
                              int8_t sign) {
    for (uint16_t a = 0; a < n_a; a++) {
        for (uint16_t b = 0; b < n_b; b++) {
            for (uint16_t c = 0; c < n_c; c++) {
                int8_t found = sign > 0 ? INT8_MIN : INT8_MAX;
                for (uint16_t i = 0; i < m_a; i++) {
                    for (uint16_t j = 0; j < m_b; j++) {
                        const int8_t *x = in + a * s_a + b * s_b + c * s_c + i * t_a + j * t_b;
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
