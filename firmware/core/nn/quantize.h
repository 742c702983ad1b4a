/* QUANTIZE and DEQUANTIZE between float32 and integers, and between integers that no table serves.
 * Source: TFLite reference_ops::AffineQuantize, Dequantize, Requantize. */
#ifndef TINY_NN_QUANTIZE_H
#define TINY_NN_QUANTIZE_H

#include "fixed.h"

/* x / scale + zero_point, rounded half away from zero and clamped; what is no number is low. */
static inline int32_t tiny_from_float(float x, float scale, int32_t zero_point, int32_t low,
                                      int32_t high) {
    const float steps = x / scale;
    if (!(steps > (float)(low - zero_point))) {
        return low;
    }
    if (steps > (float)(high - zero_point)) {
        return high;
    }
    const int32_t whole = (int32_t)steps;
    const float rest = steps - (float)whole;
    const int32_t away = rest >= 0.5f ? 1 : (rest <= -0.5f ? -1 : 0);
    return tiny_clamp(whole + away + zero_point, low, high);
}

/* low is −128 for int8, 0 for uint8. */
TINY_KERNEL void tiny_quantize_8(const float *in, int8_t *out, uint32_t count, float scale,
                                 int16_t zero_point, int16_t low) {
    for (uint32_t i = 0; i < count; i++) {
        const int32_t q = tiny_from_float(in[i], scale, zero_point, low, low + 255);
        out[i] = (int8_t)(uint8_t)q;
    }
}

TINY_KERNEL void tiny_quantize_16(const float *in, int16_t *out, uint32_t count, float scale,
                                  int16_t zero_point) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (int16_t)tiny_from_float(in[i], scale, zero_point, INT16_MIN, INT16_MAX);
    }
}

TINY_KERNEL void tiny_dequantize_8(const int8_t *in, float *out, uint32_t count, float scale,
                                   int16_t zero_point, bool is_signed) {
    for (uint32_t i = 0; i < count; i++) {
        const int16_t q = is_signed ? in[i] : (uint8_t)in[i];
        out[i] = scale * (float)(q - zero_point);
    }
}

TINY_KERNEL void tiny_dequantize_16(const int16_t *in, float *out, uint32_t count, float scale,
                                    int32_t zero_point) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = scale * (float)(in[i] - zero_point);
    }
}

/* (x − zero_in) · mult · 2^(shift−31) + zero_point, clamped. */
static inline int32_t tiny_rescaled(int32_t x, int32_t zero_in, int32_t mult, int8_t shift,
                                    int32_t zero_point, int32_t low, int32_t high) {
    const int32_t scaled = tiny_requantize(x - zero_in, mult, shift, TINY_ROUND_TWICE);
    return tiny_clamp(scaled + zero_point, low, high);
}

TINY_KERNEL void tiny_rescale_16_to_8(const int16_t *in, int8_t *out, uint32_t count,
                                      int32_t zero_in, int32_t mult, int8_t shift,
                                      int8_t zero_point) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (int8_t)tiny_rescaled(in[i], zero_in, mult, shift, zero_point, INT8_MIN, INT8_MAX);
    }
}

TINY_KERNEL void tiny_rescale_8_to_16(const int8_t *in, int16_t *out, uint32_t count,
                                      int32_t zero_in, int32_t mult, int8_t shift,
                                      int16_t zero_point) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] =
            (int16_t)tiny_rescaled(in[i], zero_in, mult, shift, zero_point, INT16_MIN, INT16_MAX);
    }
}

TINY_KERNEL void tiny_rescale_16_to_32(const int16_t *in, int32_t *out, uint32_t count,
                                       int32_t zero_in, int32_t mult, int8_t shift,
                                       int32_t zero_point) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = tiny_rescaled(in[i], zero_in, mult, shift, zero_point, INT32_MIN, INT32_MAX);
    }
}

TINY_KERNEL void tiny_rescale_32_to_8(const int32_t *in, int8_t *out, uint32_t count,
                                      int32_t zero_in, int32_t mult, int8_t shift,
                                      int8_t zero_point) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (int8_t)tiny_rescaled(in[i], zero_in, mult, shift, zero_point, INT8_MIN, INT8_MAX);
    }
}

TINY_KERNEL void tiny_rescale_32_to_16(const int32_t *in, int16_t *out, uint32_t count,
                                       int32_t zero_in, int32_t mult, int8_t shift,
                                       int16_t zero_point) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] =
            (int16_t)tiny_rescaled(in[i], zero_in, mult, shift, zero_point, INT16_MIN, INT16_MAX);
    }
}

#endif
