/* What a day brings: how long a condition held, how much something summed up to, and what is usual.
 *
 * A total is the integral over time of a value that is known at every sample: 1 or 0 for a
 * condition, or a rate. Unknown samples (a model that could not run) add nothing and are not known
 * time; a day of which enough was known is brought to its full length when it ends. What is usual
 * is the mean of the days at first, and then an average in which every day weighs one n-th. */
#ifndef TINY_TOTALS_H
#define TINY_TOTALS_H

#include "kleene.h"

#define TINY_DAY_LONG_S 86400u
/* A day counts if at least so much of it was known: three quarters. */
#define TINY_DAY_KNOWN_S 64800u

/* A total as the app states it. */
typedef struct {
    uint32_t per_s; /* seconds in the rate's unit of time: 1, 60, 3600 or 86400 */
    uint16_t over;  /* days of the average; 0: none is wanted */
    uint16_t after; /* days before what is usual is known */
} tiny_total_rule_t;

typedef struct {
    int64_t sum;       /* today: steps times seconds */
    uint32_t known_s;  /* today */
    int32_t yesterday; /* steps; TINY_MISSING: not enough of it was known */
    int32_t usual;     /* steps */
    uint16_t days;     /* that went into it */
} tiny_total_t;

/* The day that is being counted. It ends at local midnight, or where the date is not known after
 * 24 h of counting. */
typedef struct {
    uint32_t length_s; /* so far; 0: it has not begun */
    int32_t number;    /* local day, if dated */
    bool dated;
} tiny_day_t;

/* Before the sample at which the local day is `number` (if `dated`): whether a day has ended, so
 * that every total is to be closed. The caller adds each sample's time to length_s. */
bool tiny_day_step(tiny_day_t *day, bool dated, int32_t number);

void tiny_total_begin(tiny_total_t *total);

/* What was kept before this node began, as a virtual board's host says it: of `today`, which has
 * lasted `day_s`, of yesterday, and what is usual, as the mean of all the days that it goes over.
 * TINY_MISSING: of that nothing is kept. */
void tiny_total_recall(tiny_total_t *total, const tiny_total_rule_t TINY_ROM *rule, uint32_t day_s,
                       int32_t today, int32_t yesterday, int32_t usual);

/* One sample: `value` in steps (of the rate), for so many seconds; TINY_NONE: not known. */
void tiny_total_add(tiny_total_t *total, tiny_num_t value, uint32_t seconds);

/* The day is over: it becomes yesterday, and weighs in what is usual. */
void tiny_total_close(tiny_total_t *total, const tiny_total_rule_t TINY_ROM *rule);

/* So far today; TINY_MISSING while nothing of it is known. */
int32_t tiny_total_today(const tiny_total_t *total, const tiny_total_rule_t TINY_ROM *rule);

/* TINY_MISSING until enough days went into it. */
int32_t tiny_total_usual(const tiny_total_t *total, const tiny_total_rule_t TINY_ROM *rule);

/* A condition as a value: 1, 0 or not known. */
static inline tiny_num_t tiny_total_truth(tiny_kleene_t truth) {
    return truth == TINY_UNKNOWN ? TINY_NONE : truth == TINY_TRUE ? 1 : 0;
}

/* The entry of a table of labels. */
static inline tiny_num_t tiny_total_label(int32_t label, const int32_t TINY_ROM *table) {
    return label == TINY_MISSING ? TINY_NONE : tiny_num(table[label]);
}

#endif
