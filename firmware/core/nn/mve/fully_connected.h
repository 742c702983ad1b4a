/* Fully connected layer for MVE: four outputs at a time, sixteen products an instruction.
 *
 * weights: for every four outputs (the last filled up with zeros): their biases; blocks of 16
 * products, the last filled up with zero weights, each 16 weights of the first output, of the
 * second, and so on; the multipliers and the shifts of the four. A sum is first moved `left`,
 * saturating. scratch: the inputs of one row, rounded up to 16, if they are no multiple. */
#ifndef TINY_NN_MVE_FULLY_CONNECTED_H
#define TINY_NN_MVE_FULLY_CONNECTED_H

#include "mve.h"

TINY_KERNEL void tiny_mve_fully_connected(const int8_t *in, const int8_t TINY_ROM *weights,
                                          int8_t *out, int8_t *scratch, uint16_t rows,
                                          uint16_t inputs, uint16_t outputs, int8_t left,
                                          uint8_t scaling, int8_t zero_point, int8_t low,
                                          int8_t high) {
    const uint32_t blocks = (inputs + 15u) / 16u;
#if defined(TINY_MVE)
    const int32x4_t least = vdupq_n_s32(low);
    const int32x4_t most = vdupq_n_s32(high);
    for (uint32_t r = 0; r < rows; r++) {
        const int8_t *from = in;
        if (inputs % 16u != 0) {
            for (uint32_t i = 0; i < inputs; i += 16) {
                vstrbq_s8(scratch + i, vldrbq_z_s8(in + i, vctp8q(inputs - i)));
            }
            from = scratch;
        }
        const int8_t *w = weights;
        for (int32_t channels = outputs; channels > 0; channels -= 4) {
            int32x4_t x;
            const int8_t *a = from;
            __asm__ volatile("ldrd r0, r4, [%[w]], #8\n"
                             "ldrd r2, r6, [%[w]], #8\n"
                             "dls lr, %[blocks]\n"
                             "1:\n"
                             "vldrb.8 q0, [%[a]], #16\n"
                             "vldrb.8 q1, [%[w]], #16\n"
                             "vmladava.s8 r0, q0, q1\n"
                             "vldrb.8 q1, [%[w]], #16\n"
                             "vmladava.s8 r4, q0, q1\n"
                             "vldrb.8 q1, [%[w]], #16\n"
                             "vmladava.s8 r2, q0, q1\n"
                             "vldrb.8 q1, [%[w]], #16\n"
                             "vmladava.s8 r6, q0, q1\n"
                             "le lr, 1b\n"
                             "vmov %q[x][2], %q[x][0], r0, r2\n"
                             "vmov %q[x][3], %q[x][1], r4, r6\n"
                             : [w] "+r"(w), [a] "+r"(a), [x] "=w"(x)
                             : [blocks] "r"(blocks)
                             : "r0", "r2", "r4", "r6", "lr", "q0", "q1", "memory");
            const int32x4_t mult = vldrwq_s32((const int32_t *)(const void *)w);
            const int32x4_t shift = vldrbq_s32(w + 16);
            x = left > 0 ? vqshlq_r_s32(x, left) : x;
            x = vaddq_n_s32(tiny_mve_scale(x, mult, shift, scaling), zero_point);
            x = vminq_s32(vmaxq_s32(x, least), most);
            vstrbq_p_s32(out, x, vctp32q((uint32_t)channels));
            w += 20;
            out += 4;
        }
        out -= 3 - (outputs + 3) % 4;
        in += inputs;
    }
#else
    const uint32_t record = 16u + 64u * blocks + 20u;
    (void)scratch;
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t o = 0; o < outputs; o++) {
            const int8_t TINY_ROM *const quad = weights + o / 4 * record;
            const int8_t TINY_ROM *const after = quad + 16 + 64u * blocks;
            int32_t sum = tiny_mve_word(quad + o % 4 * 4);
            for (uint32_t i = 0; i < inputs; i++) {
                sum += in[i] * quad[16 + i / 16 * 64 + o % 4 * 16 + i % 16];
            }
            sum = left > 0 ? tiny_multiply_pot(sum, left) : sum;
            const int32_t scaled = tiny_mve_requantize(sum, tiny_mve_word(after + o % 4 * 4),
                                                       after[16 + o % 4], scaling);
            *out++ = (int8_t)tiny_clamp(scaled + zero_point, low, high);
        }
        in += inputs;
    }
#endif
}

#endif
