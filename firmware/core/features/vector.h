/* Signals that do not depend on how a three-axis sensor is mounted, and how it is tilted.
 *
 * The mean of a window of accelerations is taken for gravity: what lies along it is vertical, the
 * rest horizontal (Mizell 2003, "Using gravity to estimate accelerometer orientation", ISWC). */
#ifndef TINY_FEATURES_VECTOR_H
#define TINY_FEATURES_VECTOR_H

#include "signal.h"

/* Length of each frame's vector, to the nearest step, held at 32767; out may be x, y or z. */
void tiny_vector_norm(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n,
                      int16_t *out);

/* Each frame's part along the window's mean, gravity itself included, and the length of the rest.
 * Within 1 step for vectors up to 16384 and within 3 for any; held at 32767 and -32768. Where the
 * mean is nothing, vertical is 0 and horizontal the norm. out may be x, y or z. */
void tiny_vector_vertical(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n,
                          int16_t *out);
void tiny_vector_horizontal(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n,
                            int16_t *out);

/* Of the window's mean, in hundredths of a degree, within 2: the angle from the z axis, 0..18000;
 * the rotation about y, -9000..9000, and about x, -18000..18000, that bring gravity there (NXP
 * AN3461, rotation order yaw, pitch, roll). 0 where the mean is nothing. */
int32_t tiny_vector_tilt(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n);
int32_t tiny_vector_pitch(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n);
int32_t tiny_vector_roll(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n);

#endif
