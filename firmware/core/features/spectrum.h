/* What a window of frames sounds like: its power spectrum, and what is read from it.
 *
 * The frames less their mean, under a Hann window of n frames (1/2 - 1/2 cos(2 pi i / n)), padded
 * with zeros to the next power of two: `points`. Bin k lies at k / points of the frame rate, up to
 * points / 2. Powers are exact to about 96 dB below the strongest bin. Bin 0, the mean, is never
 * read. 2 <= n <= TINY_SIGNAL_MOST.
 *
 * Harris 1978, "On the use of windows for harmonic analysis with the discrete Fourier transform",
 * Proc. IEEE 66(1); Cooley and Tukey 1965, with the real frames taken for pairs of complex ones. */
#ifndef TINY_FEATURES_SPECTRUM_H
#define TINY_FEATURES_SPECTRUM_H

#include "signal.h"

/* Bytes of a spectrum over so many points. */
#define TINY_SPECTRUM_BYTES(points) (4U * ((points) + 1U))

/* The next power of two, 8 at least. */
uint16_t tiny_spectrum_points(uint16_t n);

/* The spectrum of a window, for the functions below; TINY_SPECTRUM_BYTES(points) of them. */
void tiny_spectrum(const int16_t *x, uint16_t n, int32_t *spectrum);

/* Root of the mean square that bins first .. end - 1 bring, in hundredths. */
int32_t tiny_spectrum_band(const int32_t *spectrum, uint16_t n, uint16_t first, uint16_t end);

/* Their part of the whole power, thousandths; 0 where nothing moves, as below. */
int32_t tiny_spectrum_share(const int32_t *spectrum, uint16_t n, uint16_t first, uint16_t end);

/* Shannon's entropy of the power over the bins, by that of equal powers; thousandths. */
int32_t tiny_spectrum_entropy(const int32_t *spectrum, uint16_t n);

/* Where the power is greatest, on the parabola through the amplitudes of that bin and its
 * neighbours; and the mean of the bins, weighted by their powers. In 1/256 bin. */
int32_t tiny_spectrum_peak(const int32_t *spectrum, uint16_t n);
int32_t tiny_spectrum_centroid(const int32_t *spectrum, uint16_t n);

/* Amplitude of the wave that the greatest bin stands for, in hundredths. A wave between two bins
 * shows up to 15 % too small. */
int32_t tiny_spectrum_peak_amplitude(const int32_t *spectrum, uint16_t n);

#endif
