#include "spectrum.h"

/* spectrum[0] is an exponent e, behind it lie the powers of bins 0 .. points / 2 (uint32_t): n
 * times a bin's amplitude, squared, is its power times 2^e. The last is halved, for it stands alone
 * where every other bin has a mirror image. */

/* The frames' greatest deviation fills so many bits before the transform. Under the window a sum of
 * n of them is below 2^29, and so is everything on the way; 2^30 with the factor 2 at its end. */
#define BITS 20

#define QUARTER 0x4000U /* of a turn */

#if defined(__AVR__)
#define TURNED __attribute__((noinline)) /* 350 bytes shorter, 6 % slower */
#else
#define TURNED inline
#endif

/* a * w / 2^15, to the nearest. In halves: an AVR has no product of 64 bits worth the name. */
static TURNED int32_t turned(int32_t a, int16_t w) {
    const int16_t high = (int16_t)(a >> 16);
    const uint16_t low = (uint16_t)a;
    return (int32_t)high * w * 2 + (((int32_t)low * w + ((int32_t)1 << 14)) >> 15);
}

/* The upper half; avr-gcc shifts a 64-bit number bit by bit. */
static inline uint32_t upper(uint64_t x) {
#if defined(__AVR__)
    union {
        uint64_t whole;
        uint32_t half[2];
    } u;
    u.whole = x;
    return u.half[1];
#else
    return (uint32_t)(x >> 32);
#endif
}

/* (re + j im) * (cos - j sin) of an angle. */
typedef struct {
    int32_t re, im;
} complex_t;

static inline complex_t rotated(complex_t z, int16_t cosine, int16_t sine) {
    const complex_t result = {turned(z.re, cosine) + turned(z.im, sine),
                              turned(z.im, cosine) - turned(z.re, sine)};
    return result;
}

/* Into the places of an index whose bits run backwards. */
static void scatter(complex_t *z, uint16_t size) {
    uint16_t j = 0;
    for (uint16_t i = 1; i < size; i++) {
        uint16_t bit = size / 2U;
        for (; (j & bit) != 0; bit /= 2U) {
            j = (uint16_t)(j - bit);
        }
        j = (uint16_t)(j + bit);
        if (i < j) {
            const complex_t t = z[i];
            z[i] = z[j];
            z[j] = t;
        }
    }
}

/* Fourier transform of `size` complex numbers, in place. */
static void transform(complex_t *z, uint16_t size) {
    scatter(z, size);
    for (uint16_t half = 1; half < size; half = (uint16_t)(half * 2U)) {
        const uint16_t step = (uint16_t)(0x8000U / half);
        for (uint16_t k = 0; k < half; k++) {
            const int16_t cosine = tiny_sine((uint16_t)(k * step + QUARTER));
            const int16_t sine = tiny_sine((uint16_t)(k * step));
            for (uint16_t i = k; i < size; i = (uint16_t)(i + 2U * half)) {
                complex_t *a = &z[i];
                complex_t *b = &z[i + half];
                /* The first factor is 1, which the table's 32767 is not. */
                const complex_t t = k == 0 ? *b : rotated(*b, cosine, sine);
                b->re = a->re - t.re;
                b->im = a->im - t.im;
                a->re += t.re;
                a->im += t.im;
            }
        }
    }
}

/* From the transform of pairs to twice that of the frames: bins 0 and `size` (both real) in z[0],
 * bin k in z[k]. */
static void part(complex_t *z, uint16_t size) {
    const complex_t first = z[0];
    z[0].re = 2 * (first.re + first.im);
    z[0].im = 2 * (first.re - first.im);
    const uint16_t step = (uint16_t)(0x8000U / size);
    for (uint16_t k = 1; k <= size / 2U; k++) {
        complex_t *a = &z[k];
        complex_t *b = &z[size - k];
        const complex_t even = {a->re + b->re, a->im - b->im};
        complex_t odd = {a->im + b->im, b->re - a->re};
        odd = rotated(odd, tiny_sine((uint16_t)(k * step + QUARTER)),
                      tiny_sine((uint16_t)(k * step)));
        b->re = even.re - odd.re;
        b->im = odd.im - even.im;
        a->re = even.re + odd.re;
        a->im = even.im + odd.im;
    }
}

static uint32_t squared(int32_t re, int32_t im) {
    return upper((uint64_t)((int64_t)re * re) + (uint64_t)((int64_t)im * im));
}

/* The powers of bins 0 .. size from the parted transform in `values`, over it; returns by how many
 * bits the numbers were raised first. */
static uint8_t powers(int32_t *values, uint16_t size) {
    uint32_t bits = 1;
    for (uint16_t i = 0; i < 2U * size; i++) {
        bits |= (uint32_t)(values[i] < 0 ? -values[i] : values[i]);
    }
    uint8_t up = 0;
    for (; bits < (uint32_t)1 << 30; bits <<= 1) {
        up++;
    }
    const int32_t factor = (int32_t)1 << up;
    const int32_t last = values[1] * factor;
    uint32_t *power = (uint32_t *)values;
    power[0] = squared(values[0] * factor, 0);
    for (uint16_t k = 1; k < size; k++) { /* reads 2 k and 2 k + 1, writes k */
        power[k] = squared(values[2U * k] * factor, values[2U * k + 1U] * factor);
    }
    power[size] = squared(last, 0) / 2U;
    return up;
}

uint16_t tiny_spectrum_points(uint16_t n) {
    uint16_t points = 8;
    while (points < n) {
        points = (uint16_t)(points * 2U);
    }
    return points;
}

void tiny_spectrum(const int16_t *x, uint16_t n, int32_t *spectrum) {
    const uint16_t points = tiny_spectrum_points(n);
    const tiny_signal_centre_t centre = tiny_signal_centre(x, n, BITS);
    int32_t *values = spectrum + 1;
    const uint32_t step = n == 0 ? 0 : UINT32_MAX / n;
    uint32_t turn = 0;
    for (uint16_t i = 0; i < n; i++, turn += step) {
        const int16_t cosine = tiny_sine((uint16_t)(((turn + 0x8000U) >> 16) + QUARTER));
        const int16_t weight = (int16_t)((32767 - (int32_t)cosine) / 2);
        values[i] = turned(tiny_signal_centred(&centre, x[i]), weight);
    }
    for (uint16_t i = n; i < points; i++) {
        values[i] = 0;
    }
    transform((complex_t *)values, points / 2U);
    part((complex_t *)values, points / 2U);
    const uint8_t up = powers(values, points / 2U);
    spectrum[0] = 30 - 2 * (up + centre.up);
}

static const uint32_t *power_of(const int32_t *spectrum) {
    return (const uint32_t *)(spectrum + 1);
}

/* Of bins first .. end - 1, < 2^41. */
static uint64_t sum(const int32_t *spectrum, uint16_t first, uint16_t end) {
    const uint32_t *power = power_of(spectrum);
    uint32_t low = 0;
    uint32_t high = 0;
    for (uint16_t k = first; k < end; k++) {
        low += power[k];
        high += low < power[k];
    }
    return ((uint64_t)high << 32) | low;
}

static uint64_t whole(const int32_t *spectrum, uint16_t n) {
    return sum(spectrum, 1, (uint16_t)(tiny_spectrum_points(n) / 2U + 1U));
}

/* Twice the powers (for the mirror images) by n^2, by the points (Parseval) and by the sum of the
 * window's squares, 3 n / 8. */
int32_t tiny_spectrum_band(const int32_t *spectrum, uint16_t n, uint16_t first, uint16_t end) {
    if (n < 2) {
        return TINY_MISSING;
    }
    const uint64_t cube = (uint64_t)((uint32_t)n * n) * n;
    return tiny_root_ratio(160000U * sum(spectrum, first, end), 3U * cube * tiny_spectrum_points(n),
                           (int16_t)(spectrum[0] / 2));
}

int32_t tiny_spectrum_share(const int32_t *spectrum, uint16_t n, uint16_t first, uint16_t end) {
    if (n < 2) {
        return TINY_MISSING;
    }
    const uint64_t all = whole(spectrum, n);
    return all == 0 ? 0 : tiny_quotient((int64_t)(1000U * sum(spectrum, first, end)), all);
}

int32_t tiny_spectrum_entropy(const int32_t *spectrum, uint16_t n) {
    if (n < 2) {
        return TINY_MISSING;
    }
    const uint32_t *power = power_of(spectrum);
    const uint16_t bins = tiny_spectrum_points(n) / 2U;
    const uint64_t all = whole(spectrum, n);
    if (all == 0) {
        return 0;
    }
    uint64_t weighted = 0;
    for (uint16_t k = 1; k <= bins; k++) {
        weighted += (uint64_t)power[k] * (uint32_t)tiny_log2(power[k]);
    }
    int32_t entropy = -tiny_quotient((int64_t)weighted, all);
    uint64_t rest = all;
    for (; rest > UINT32_MAX; rest /= 2U) {
        entropy += 32768;
    }
    entropy += tiny_log2((uint32_t)rest);
    const int32_t share = tiny_quotient((int64_t)entropy * 1000, (uint64_t)tiny_log2(bins));
    return share < 0 ? 0 : share > 1000 ? 1000 : share;
}

/* The strongest bin. */
static uint16_t strongest(const int32_t *spectrum, uint16_t n) {
    const uint32_t *power = power_of(spectrum);
    const uint16_t bins = tiny_spectrum_points(n) / 2U;
    uint16_t best = 1;
    for (uint16_t k = 2; k <= bins; k++) {
        if (power[k] > power[best]) {
            best = k;
        }
    }
    return best;
}

int32_t tiny_spectrum_peak(const int32_t *spectrum, uint16_t n) {
    if (n < 2) {
        return TINY_MISSING;
    }
    const uint32_t *power = power_of(spectrum);
    const uint16_t bins = tiny_spectrum_points(n) / 2U;
    const uint16_t best = strongest(spectrum, n);
    if (power[best] == 0 || best == bins) {
        return power[best] == 0 ? 0 : best * 256;
    }
    /* The last bin is stored halved. */
    const uint64_t above = (uint64_t)power[best + 1U] * (best + 1U == bins ? 2U : 1U);
    const int32_t a = (int32_t)tiny_root((uint64_t)power[best - 1U] << 16); /* < 2^24 */
    const int32_t b = (int32_t)tiny_root((uint64_t)power[best] << 16);
    const int32_t c = (int32_t)tiny_root(above << 16);
    const int32_t bend = 2 * b - a - c;
    const int32_t away = bend > 0 ? tiny_quotient((int64_t)(c - a) * 128, (uint64_t)bend) : 0;
    return best * 256 + (away > 128 ? 128 : away < -128 ? -128 : away);
}

int32_t tiny_spectrum_centroid(const int32_t *spectrum, uint16_t n) {
    if (n < 2) {
        return TINY_MISSING;
    }
    const uint32_t *power = power_of(spectrum);
    const uint16_t bins = tiny_spectrum_points(n) / 2U;
    uint64_t weighted = 0; /* < 2^49 */
    for (uint16_t k = 1; k <= bins; k++) {
        weighted += (uint64_t)power[k] * k;
    }
    const uint64_t all = whole(spectrum, n);
    return all == 0 ? 0 : tiny_quotient((int64_t)(weighted * 256U), all);
}

/* n times the bin's amplitude, by n and by the window's sum, n / 2; twice that, for half of a wave
 * is in the mirror image, which the last bin has not. */
int32_t tiny_spectrum_peak_amplitude(const int32_t *spectrum, uint16_t n) {
    if (n < 2) {
        return TINY_MISSING;
    }
    const uint16_t best = strongest(spectrum, n);
    const uint32_t factor = best == tiny_spectrum_points(n) / 2U ? 80000U : 160000U;
    const uint64_t square = (uint32_t)n * n;
    return tiny_root_ratio((uint64_t)factor * power_of(spectrum)[best], square * square,
                           (int16_t)(spectrum[0] / 2));
}
