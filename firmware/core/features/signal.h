/* What is measured of a window of frames: levels, spread, shape, crossings.
 *
 * A window is n frames of one channel, oldest first, 1 <= n <= TINY_SIGNAL_MOST; with fewer than a
 * block needs, it gives TINY_MISSING. "Hundredths" are of the frame's own step (a channel in
 * thousandths of g gives hundred-thousandths), "thousandths" of a number without a unit. Quotients
 * round half away from zero. Ratios of a signal that does not move are 0: a machine at a standstill
 * is a reading, not a gap. Nothing here overflows, whatever the frames. */
#ifndef TINY_FEATURES_SIGNAL_H
#define TINY_FEATURES_SIGNAL_H

#include "arithmetic.h"

/* The longest window: sums of squares, times n, times 10^4, are the largest numbers here. */
#define TINY_SIGNAL_MOST 1024

/* Within int16. */
static inline int16_t tiny_signal_held(int32_t x) {
    return (int16_t)(x > INT16_MAX ? INT16_MAX : x < INT16_MIN ? INT16_MIN : x);
}

int32_t tiny_signal_sum(const int16_t *x, uint16_t n);

/* Mean, in hundredths. */
int32_t tiny_signal_mean(const int16_t *x, uint16_t n);

/* Least, greatest, and greatest less least, in whole steps. */
int32_t tiny_signal_min(const int16_t *x, uint16_t n);
int32_t tiny_signal_max(const int16_t *x, uint16_t n);
int32_t tiny_signal_range(const int16_t *x, uint16_t n);

/* Population standard deviation, root of the mean square, mean of the absolute values; in
 * hundredths, the roots to one hundredth. */
int32_t tiny_signal_std(const int16_t *x, uint16_t n);
int32_t tiny_signal_rms(const int16_t *x, uint16_t n);
int32_t tiny_signal_mean_abs(const int16_t *x, uint16_t n);

/* Standard deviation as a level: 20 log10 of its hundredths, in hundredths of a dB, exact to two of
 * them; 0 where nothing moves. */
int32_t tiny_signal_level(const int16_t *x, uint16_t n);

/* How often the sign changes, of the frames and of the frames less their mean; a frame at zero has
 * the sign of the one before. */
int32_t tiny_signal_zero_crossings(const int16_t *x, uint16_t n);
int32_t tiny_signal_mean_crossings(const int16_t *x, uint16_t n);

/* What brings n * x - sum, the frames less their mean, to so many bits: those of the greatest. */
typedef struct {
    int32_t sum;
    uint16_t n;
    int8_t up; /* bits; negative: down */
} tiny_signal_centre_t;

/* 1 <= bits <= 26. A signal that does not move has up = 0, and 0 throughout. */
tiny_signal_centre_t tiny_signal_centre(const int16_t *x, uint16_t n, uint8_t bits);
int32_t tiny_signal_centred(const tiny_signal_centre_t *centre, int16_t x);

/* Difference of successive frames, held within int16: n - 1 of them into out, which may be x. */
void tiny_signal_jerk(const int16_t *x, uint16_t n, int16_t *out);

#endif
