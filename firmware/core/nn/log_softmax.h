/* Logarithm of softmax along the last axis, int8 to int8 (scale 1/16, zero point 127).
 * Source: TFLite reference_integer_ops::LogSoftmax with log_x_for_x_greater_than_or_equal_to_1. */
#ifndef TINY_NN_LOG_SOFTMAX_H
#define TINY_NN_LOG_SOFTMAX_H

#include "softmax.h"

static inline uint8_t tiny_leading_zeros(uint32_t x) {
    uint8_t count = 0;
    while (count < 32 && (x & ((uint32_t)1 << 31)) == 0u) {
        x <<= 1;
        count++;
    }
    return count;
}

/* log(x) in Q5.26 for x >= 1 in Q12.19: a quotient of polynomials around 2^(n − 1/4). */
TINY_INNER int32_t tiny_log(int32_t x) {
    const int32_t quarter = (int32_t)1 << 23; /* Q6.25, as `power` is */
    const int zeros = tiny_leading_zeros((uint32_t)x);
    int32_t r_a = tiny_multiply_pot(x, zeros - 1);
    r_a = tiny_multiply_pot(tiny_doubling_high_mul(r_a, 1518500250), 1);
    const int32_t power_a = tiny_multiply_pot(12 - zeros, 25) + quarter;
    const int32_t halved = tiny_doubling_high_mul(x, 1518500250);
    const int zeros_b = tiny_leading_zeros((uint32_t)halved) - 1;
    const int32_t r_b = tiny_multiply_pot(x, zeros_b);
    const int32_t power_b = tiny_multiply_pot(12 - zeros_b, 25) - quarter;
    const int32_t r = r_a < r_b ? r_a : r_b;
    const int32_t power = power_a > power_b ? power_a : power_b;

    const int32_t root = 1805811301; /* √√½ */
    const int64_t twice_p = (int64_t)r + root;
    const int32_t p = (int32_t)((twice_p + (twice_p >= 0 ? 1 : -1)) / 2);
    const int32_t q = 2 * (r - root);
    const int32_t square = tiny_doubling_high_mul(q, q);
    const int32_t num = tiny_doubling_high_mul(q, r) +
                        tiny_doubling_high_mul(tiny_doubling_high_mul(q, square), 117049297);
    const int32_t inner = 1057819769 + q + tiny_doubling_high_mul(127690142, square);
    const int32_t denominator =
        tiny_doubling_high_mul(p, inner) + tiny_doubling_high_mul(638450708, q);
    const int32_t quotient =
        tiny_doubling_high_mul(tiny_divide_pot(num, 6), tiny_one_over_one_plus(denominator));
    return tiny_multiply_pot(tiny_doubling_high_mul(power, 1488522236) + quotient, 1);
}

/* exp_table[d] as in softmax.h, of table_size differences; mult and shift bring a difference to
 * Q5.26, back_mult and back_shift from there. */
TINY_KERNEL void tiny_log_softmax(const int8_t *in, int8_t *out, const int32_t TINY_ROM *exp_table,
                                  uint16_t table_size, uint16_t rows, uint16_t depth, int32_t mult,
                                  int8_t shift, int32_t back_mult, int8_t back_shift,
                                  int32_t least) {
    for (uint16_t r = 0; r < rows; r++) {
        int8_t highest = INT8_MIN;
        for (uint16_t i = 0; i < depth; i++) {
            highest = in[i] > highest ? in[i] : highest;
        }
        int32_t sum = 0; /* Q12.19 */
        for (uint16_t i = 0; i < depth; i++) {
            const uint16_t distance = (uint16_t)(highest - in[i]);
            if (distance < table_size) {
                sum += tiny_divide_pot(exp_table[distance], 12);
            }
        }
        const int32_t log_sum = tiny_log(sum);
        const int32_t reach =
            tiny_requantize(log_sum + INT32_MIN, back_mult, back_shift, TINY_ROUND_TWICE);
        const int32_t end = reach > least - 1 ? reach : least - 1;
        for (uint16_t i = 0; i < depth; i++) {
            const int32_t difference = (int32_t)in[i] - highest;
            int32_t value = INT8_MIN;
            if (difference > end) {
                const int32_t x = tiny_requantize(difference, mult, shift, TINY_ROUND_TWICE);
                value = tiny_clamp(tiny_divide_pot(x - log_sum, 22) + 127, INT8_MIN, INT8_MAX);
            }
            out[i] = (int8_t)value;
        }
        in += depth;
        out += depth;
    }
}

#endif
