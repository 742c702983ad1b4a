/* Layers whose weights stand coded in flash: one output channel's weights at a time are unpacked
 * into `row`, and used for all that this channel computes. Little RAM, and no copy of the weights;
 * see unpack.h for the codes. Otherwise as conv_2d.h and fully_connected.h. */
#ifndef TINY_NN_CODED_H
#define TINY_NN_CODED_H

#include "dot.h"
#include "fixed.h"
#include "unpack.h"

/* A dot product with weights in RAM. */
TINY_INNER int32_t tiny_coded_dot(const int8_t *in, const int8_t *weights, int32_t sum,
                                  uint16_t n) {
    for (uint16_t i = 0; i < n; i++) {
        sum += tiny_times(in[i], weights[i]);
    }
    return sum;
}

TINY_KERNEL void tiny_coded_fully_connected(
    const int8_t *in, const uint8_t TINY_ROM *codes, const int8_t TINY_ROM *symbols,
    const uint16_t TINY_ROM *limits, const int16_t TINY_ROM *offsets, const int32_t TINY_ROM *bias,
    const int32_t TINY_ROM *mult, const int8_t TINY_ROM *shift, int8_t *out, int8_t *row,
    uint16_t rows, uint16_t inputs, uint16_t outputs, uint8_t next_scale, uint8_t fixed,
    tiny_rounding_t rounding, int8_t zero_point, int8_t low, int8_t high) {
    tiny_bits_t bits = {codes, 0, 0};
    for (uint16_t o = 0; o < outputs; o++) {
        for (uint16_t i = 0; i < inputs; i++) {
            row[i] = tiny_bits_next(&bits, symbols, limits, offsets, fixed);
        }
        for (uint16_t r = 0; r < rows; r++) {
            const int32_t sum = tiny_coded_dot(in + (uint32_t)r * inputs, row, bias[o], inputs);
            const int32_t scaled = tiny_requantize(sum, *mult, *shift, rounding) + zero_point;
            out[(uint32_t)r * outputs + o] = (int8_t)tiny_clamp(scaled, low, high);
        }
        mult += next_scale;
        shift += next_scale;
    }
}

TINY_KERNEL void tiny_coded_conv_2d(
    const int8_t *in, const uint8_t TINY_ROM *codes, const int8_t TINY_ROM *symbols,
    const uint16_t TINY_ROM *limits, const int16_t TINY_ROM *offsets, const int32_t TINY_ROM *bias,
    const int32_t TINY_ROM *mult, const int8_t TINY_ROM *shift, int8_t *out, int8_t *row,
    int16_t in_h, int16_t in_w, int16_t in_c, int16_t out_h, int16_t out_w, int16_t out_c,
    int16_t w_c, int16_t k_h, int16_t k_w, int16_t stride_h, int16_t stride_w, int16_t dilation_h,
    int16_t dilation_w, int16_t pad_top, int16_t pad_left, int8_t pad, uint8_t fixed,
    tiny_rounding_t rounding, int8_t zero_point, int8_t low, int8_t high) {
    tiny_bits_t bits = {codes, 0, 0};
    const int16_t per_group = (int16_t)(out_c / (in_c / w_c));
    const int32_t products = (int32_t)k_h * k_w * w_c;
    for (int16_t c = 0; c < out_c; c++) {
        const int16_t group = (int16_t)(c / per_group * w_c);
        int8_t *to = out + c;
        for (int32_t i = 0; i < products; i++) {
            row[i] = tiny_bits_next(&bits, symbols, limits, offsets, fixed);
        }
        for (int16_t y = 0; y < out_h; y++) {
            for (int16_t x = 0; x < out_w; x++) {
                const int8_t *tap = row;
                int32_t sum = bias[c];
                for (int16_t ky = 0; ky < k_h; ky++) {
                    const int16_t line = (int16_t)(y * stride_h - pad_top + ky * dilation_h);
                    for (int16_t kx = 0; kx < k_w; kx++) {
                        const int16_t column = (int16_t)(x * stride_w - pad_left + kx * dilation_w);
                        if (line >= 0 && line < in_h && column >= 0 && column < in_w) {
                            const int8_t *const pixel =
                                in + ((int32_t)line * in_w + column) * in_c + group;
                            sum = tiny_coded_dot(pixel, tap, sum, (uint16_t)w_c);
                        } else if (pad != 0) {
                            for (int16_t i = 0; i < w_c; i++) {
                                sum += tiny_times(pad, tap[i]);
                            }
                        }
                        tap += w_c;
                    }
                }
                const int32_t scaled = tiny_requantize(sum, mult[c], shift[c], rounding);
                *to = (int8_t)tiny_clamp(scaled + zero_point, low, high);
                to += out_c;
            }
        }
    }
}

#endif
