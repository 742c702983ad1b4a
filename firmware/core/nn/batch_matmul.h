/* Products of int8 matrices, neither of which is constant; in up to three batch loops, in which an
 * operand's step may be zero.
 * Source: TFLite reference_ops::BatchMatMul of int8. */
#ifndef TINY_NN_BATCH_MATMUL_H
#define TINY_NN_BATCH_MATMUL_H

#include "fixed.h"

/* a[row · a_row + k · a_k], b[k · b_k + column · b_column], out [..., rows, columns]. */
TINY_KERNEL void tiny_batch_matmul(const int8_t *a, const int8_t *b, int8_t *out, uint16_t n_0,
                                   int32_t a_0, int32_t b_0, uint16_t n_1, int32_t a_1, int32_t b_1,
                                   uint16_t n_2, int32_t a_2, int32_t b_2, uint16_t rows,
                                   uint16_t depth, uint16_t columns, int32_t a_row, int32_t a_k,
                                   int32_t b_k, int32_t b_column, int8_t zero_a, int8_t zero_b,
                                   int32_t mult, int8_t shift, int8_t zero_point) {
    for (uint16_t i = 0; i < n_0; i++) {
        for (uint16_t j = 0; j < n_1; j++) {
            for (uint16_t l = 0; l < n_2; l++) {
                const int8_t *const first = a + i * a_0 + j * a_1 + l * a_2;
                const int8_t *const second = b + i * b_0 + j * b_1 + l * b_2;
                for (uint16_t row = 0; row < rows; row++) {
                    for (uint16_t column = 0; column < columns; column++) {
                        const int8_t *x = first + row * a_row;
                        const int8_t *y = second + column * b_column;
                        int32_t sum = 0;
                        for (uint16_t k = 0; k < depth; k++) {
                            sum += (int32_t)(*x - zero_a) * (*y - zero_b);
                            x += a_k;
                            y += b_k;
                        }
                        const int32_t scaled = tiny_requantize(sum, mult, shift, TINY_ROUND_TWICE);
                        *out++ = (int8_t)tiny_clamp(scaled + zero_point, INT8_MIN, INT8_MAX);
                    }
                }
            }
        }
    }
}

#endif
