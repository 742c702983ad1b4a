/* From a classifier's int8 output to a label and a score. */
#ifndef TINY_VERDICT_H
#define TINY_VERDICT_H

#include "wire.h"

/* What a model says of one sample. */
typedef struct {
    uint8_t label; /* TINY_NO_LABEL: it could not run */
    uint8_t score; /* 0..255 for 0..1 */
} tiny_verdict_t;

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

/* What a rule compares: missing when the model could not run. */
static inline int32_t tiny_verdict_label(tiny_verdict_t v) {
    return v.label == TINY_NO_LABEL ? TINY_MISSING : v.label;
}

static inline int32_t tiny_verdict_score(tiny_verdict_t v) {
    return v.label == TINY_NO_LABEL ? TINY_MISSING : v.score;
}

#endif
