/* The node's calendar: seconds since local midnight of the planting day. Unset, it counts from the
 * first boot as if that were the planting day; a downlink sets it. */
#ifndef TINY_CLOCK_H
#define TINY_CLOCK_H

#include "features/when.h"
#include "tiny.h"

#define TINY_DAY_S 86400

typedef struct {
    int32_t base; /* the calendar at t = 0 of this boot */
    bool set;     /* by a downlink, in this boot */
} tiny_clock_t;

/* After a restart the calendar goes on from the beginning of the last known day. */
static inline void tiny_clock_begin(tiny_clock_t *c, int32_t day) {
    c->base = day * TINY_DAY_S;
    c->set = false;
}

/* The calendar at t; held at int32's ends (68 years). */
static inline int32_t tiny_clock_at(const tiny_clock_t *c, uint32_t t) {
    const int64_t at = (int64_t)c->base + t;
    return at > INT32_MAX ? INT32_MAX : (int32_t)at;
}

/* Whole days since planting at t: negative before it. */
static inline int32_t tiny_clock_day(const tiny_clock_t *c, uint32_t t) {
    const int32_t at = tiny_clock_at(c, t);
    return at / TINY_DAY_S - (at % TINY_DAY_S < 0 ? 1 : 0);
}

/* The day, and what of the time is known, at t; `date` is day 0's. */
static inline tiny_when_t tiny_clock_when(const tiny_clock_t *c, uint32_t t, int32_t date) {
    const int32_t day = tiny_clock_day(c, t);
    tiny_when_t when = {day, TINY_MISSING, TINY_MISSING};
    if (c->set) {
        when.date = date + day;
        when.second = tiny_clock_at(c, t) - day * TINY_DAY_S;
    }
    return when;
}

/* It is `epoch` (UTC, since 1970) at t, and the local planting day began at `planted`. More than 34
 * years between the two are no date but a mistake, and are passed over. */
static inline void tiny_clock_set(tiny_clock_t *c, uint32_t t, uint32_t epoch, uint32_t planted) {
    const int64_t base = (int64_t)epoch - planted - t;
    if (base < INT32_MIN / 2 || base > INT32_MAX / 2) {
        return;
    }
    c->base = (int32_t)base;
    c->set = true;
}

#endif
