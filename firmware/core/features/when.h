/* What the hour and the season are, as numbers that a model and a rule can use.
 *
 * A clock's last and first minute lie side by side, and so must their numbers: a time enters a
 * model as the sine and the cosine of its turn. Times are local; all of them are TINY_MISSING until
 * the clock has been set. */
#ifndef TINY_FEATURES_WHEN_H
#define TINY_FEATURES_WHEN_H

#include "../tiny.h"

typedef struct {
    int32_t day;    /* since planting (or the app's day 0); known without a clock */
    int32_t date;   /* whole days since 1 January 2000 */
    int32_t second; /* of the day, 0 to 86399 */
} tiny_when_t;

/* Hour of the day in hundredths, 0 to 2399. */
int32_t tiny_when_hour(const tiny_when_t *when);

/* Sine and cosine of the hour's turn (24 h, 0 at midnight), thousandths, into out[0] and out[1]. */
void tiny_when_hour_cyclic(const tiny_when_t *when, int32_t *out);

/* The same of the year's (365.2425 d, 0 at the beginning of 2000). */
void tiny_when_year_cyclic(const tiny_when_t *when, int32_t *out);

/* Sine of a turn, 65536 being a whole one, in thousandths; off by less than one. */
int32_t tiny_when_sine(uint16_t turn);

#endif
