/* Three-valued logic (Kleene's strong logic): what a rule knows when a reading is missing. A rule
 * acts on TINY_TRUE alone. The values are chosen so that and, or, not are min, max, minus. */
#ifndef TINY_KLEENE_H
#define TINY_KLEENE_H

#include "tiny.h"

typedef int8_t tiny_kleene_t;
#define TINY_FALSE   ((tiny_kleene_t)-1)
#define TINY_UNKNOWN ((tiny_kleene_t)0)
#define TINY_TRUE    ((tiny_kleene_t)1)

/* A number inside a rule: 64 bits, so that no expression over int32 channels that the compiler
 * let pass can overflow. TINY_NONE stands for a missing reading and passes through arithmetic. */
typedef int64_t tiny_num_t;
#define TINY_NONE INT64_MIN

static inline tiny_kleene_t tiny_truth(bool b) {
    return b ? TINY_TRUE : TINY_FALSE;
}

static inline tiny_kleene_t tiny_and(tiny_kleene_t a, tiny_kleene_t b) {
    return a < b ? a : b;
}

static inline tiny_kleene_t tiny_or(tiny_kleene_t a, tiny_kleene_t b) {
    return a > b ? a : b;
}

static inline tiny_kleene_t tiny_not(tiny_kleene_t a) {
    return (tiny_kleene_t)-a;
}

/* Bit `clause` of a why mask, if the clause is true. */
static inline uint16_t tiny_why(tiny_kleene_t truth, uint8_t clause) {
    return (uint16_t)(truth == TINY_TRUE ? 1u << clause : 0u);
}

/* Comparisons of readings: unknown when one is missing. */
static inline tiny_kleene_t tiny_lt(int32_t a, int32_t b) {
    return a == TINY_MISSING || b == TINY_MISSING ? TINY_UNKNOWN : tiny_truth(a < b);
}

static inline tiny_kleene_t tiny_le(int32_t a, int32_t b) {
    return a == TINY_MISSING || b == TINY_MISSING ? TINY_UNKNOWN : tiny_truth(a <= b);
}

static inline tiny_kleene_t tiny_eq(int32_t a, int32_t b) {
    return a == TINY_MISSING || b == TINY_MISSING ? TINY_UNKNOWN : tiny_truth(a == b);
}

static inline tiny_kleene_t tiny_gt(int32_t a, int32_t b) {
    return tiny_lt(b, a);
}

static inline tiny_kleene_t tiny_ge(int32_t a, int32_t b) {
    return tiny_le(b, a);
}

static inline tiny_kleene_t tiny_ne(int32_t a, int32_t b) {
    return tiny_not(tiny_eq(a, b));
}

/* Whether one is missing is never unknown. */
static inline tiny_kleene_t tiny_missing(int32_t a) {
    return tiny_truth(a == TINY_MISSING);
}

/* The same of computed numbers. */
static inline tiny_kleene_t tiny_num_lt(tiny_num_t a, tiny_num_t b) {
    return a == TINY_NONE || b == TINY_NONE ? TINY_UNKNOWN : tiny_truth(a < b);
}

static inline tiny_kleene_t tiny_num_le(tiny_num_t a, tiny_num_t b) {
    return a == TINY_NONE || b == TINY_NONE ? TINY_UNKNOWN : tiny_truth(a <= b);
}

static inline tiny_kleene_t tiny_num_eq(tiny_num_t a, tiny_num_t b) {
    return a == TINY_NONE || b == TINY_NONE ? TINY_UNKNOWN : tiny_truth(a == b);
}

static inline tiny_kleene_t tiny_num_gt(tiny_num_t a, tiny_num_t b) {
    return tiny_num_lt(b, a);
}

static inline tiny_kleene_t tiny_num_ge(tiny_num_t a, tiny_num_t b) {
    return tiny_num_le(b, a);
}

static inline tiny_kleene_t tiny_num_ne(tiny_num_t a, tiny_num_t b) {
    return tiny_not(tiny_num_eq(a, b));
}

static inline tiny_kleene_t tiny_num_missing(tiny_num_t a) {
    return tiny_truth(a == TINY_NONE);
}

/* Arithmetic that a missing reading passes through. */
static inline tiny_num_t tiny_num(int32_t x) {
    return x == TINY_MISSING ? TINY_NONE : x;
}

static inline tiny_num_t tiny_neg(tiny_num_t a) {
    return a == TINY_NONE ? TINY_NONE : -a;
}

static inline tiny_num_t tiny_add(tiny_num_t a, tiny_num_t b) {
    return a == TINY_NONE || b == TINY_NONE ? TINY_NONE : a + b;
}

static inline tiny_num_t tiny_sub(tiny_num_t a, tiny_num_t b) {
    return a == TINY_NONE || b == TINY_NONE ? TINY_NONE : a - b;
}

static inline tiny_num_t tiny_mul(tiny_num_t a, tiny_num_t b) {
    return a == TINY_NONE || b == TINY_NONE ? TINY_NONE : a * b;
}

/* Truncates toward zero. Nothing can be said of a quotient by zero: it is missing. */
static inline tiny_num_t tiny_div(tiny_num_t a, tiny_num_t b) {
    return a == TINY_NONE || b == TINY_NONE || b == 0 ? TINY_NONE : a / b;
}

#endif
