/* Around a classifier: from features to its int8 inputs, from its output to label and score. */
#ifndef TINY_VERDICT_H
#define TINY_VERDICT_H

#include "features/quantize.h"
#include "kleene.h"
#include "wire.h"

/* How one feature becomes an int8 input (features/quantize.h). */
typedef struct {
    int32_t offset;
    int32_t mult;
    uint8_t shift;
    int8_t zero_point;
} tiny_input_scale_t;

static inline void tiny_quantize_all(const int32_t *x, const tiny_input_scale_t TINY_ROM *scale,
                                     uint8_t n, int8_t *out) {
    for (uint8_t i = 0; i < n; i++) {
        out[i] = tiny_quantize(x[i], scale[i].offset, scale[i].mult, scale[i].shift,
                               scale[i].zero_point);
    }
}

/* What a model says of one sample. */
typedef struct {
    uint8_t label; /* TINY_NO_LABEL: it could not run */
    uint8_t score; /* 0..255 for 0..1 */
} tiny_verdict_t;

static inline tiny_verdict_t tiny_verdict_none(void) {
    return (tiny_verdict_t){TINY_NO_LABEL, 0};
}

/* The largest of n softmax outputs, the first of equals. TFLite fixes a softmax's output at
 * scale 1/256 and zero point -128, so that output + 128 is the score. */
static inline tiny_verdict_t tiny_verdict_softmax(const int8_t *out, uint8_t n) {
    uint8_t best = 0;
    for (uint8_t i = 1; i < n; i++) {
        best = out[i] > out[best] ? i : best;
    }
    return (tiny_verdict_t){best, (uint8_t)(out[best] + 128)};
}

/* One logistic output, of class 1 (the same scale): class 1 from one half on. */
static inline tiny_verdict_t tiny_verdict_logistic(int8_t out) {
    const uint8_t p = (uint8_t)(out + 128);
    return out >= 0 ? (tiny_verdict_t){1, p} : (tiny_verdict_t){0, (uint8_t)(255 - p)};
}

/* The last of n rising steps that x reaches, the first of them below all; no label without x. */
static inline uint8_t tiny_level(tiny_num_t x, const int32_t TINY_ROM *steps, uint8_t n) {
    uint8_t level = 0;
    if (x == TINY_NONE) {
        return TINY_NO_LABEL;
    }
    for (uint8_t i = 1; i < n; i++) {
        level = x >= steps[i] ? i : level;
    }
    return level;
}

/* What a rule compares: missing when the model could not run. */
static inline int32_t tiny_verdict_label(tiny_verdict_t v) {
    return v.label == TINY_NO_LABEL ? TINY_MISSING : v.label;
}

/* The same where a label of `unknown` says that nothing is known of the class. */
static inline int32_t tiny_verdict_known(tiny_verdict_t v, uint8_t unknown) {
    return v.label == TINY_NO_LABEL || v.label == unknown ? TINY_MISSING : v.label;
}

static inline int32_t tiny_verdict_score(tiny_verdict_t v) {
    return v.label == TINY_NO_LABEL ? TINY_MISSING : v.score;
}

#endif
