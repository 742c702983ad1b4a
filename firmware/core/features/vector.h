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

/* Each frame's part along the mean of another vector's window, and the length of the rest: of a
 * turn rate along the acceleration how fast its wearer turns about the vertical, and how fast they
 * tip. With (gx, gy, gz) = (x, y, z), an acceleration's vertical part, gravity itself included, and
 * its horizontal. Within 1 step for vectors up to 16384 and within 3 for any; held at 32767 and
 * -32768. Where that mean is nothing, the part along it is 0 and the rest the norm. out may be any
 * of the six. */
void tiny_vector_along(const int16_t *x, const int16_t *y, const int16_t *z, const int16_t *gx,
                       const int16_t *gy, const int16_t *gz, uint16_t n, int16_t *out);
void tiny_vector_across(const int16_t *x, const int16_t *y, const int16_t *z, const int16_t *gx,
                        const int16_t *gy, const int16_t *gz, uint16_t n, int16_t *out);

/* Of the window's mean, in hundredths of a degree, within 2: the angle from the z axis, 0..18000;
 * the rotation about y, -9000..9000, and about x, -18000..18000, that bring gravity there (NXP
 * AN3461, rotation order yaw, pitch, roll). 0 where the mean is nothing. */
int32_t tiny_vector_tilt(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n);
int32_t tiny_vector_pitch(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n);
int32_t tiny_vector_roll(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n);

#endif
