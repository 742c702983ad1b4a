#include "vector.h"

#define ONE 15 /* a direction's components are in 2^-ONE */

static int16_t held(uint32_t length) {
    return (int16_t)(length > INT16_MAX ? INT16_MAX : length);
}

static int32_t rounded(int32_t x) {
    return (x + ((int32_t)1 << (ONE - 1))) >> ONE;
}

static uint32_t squared(int32_t x) {
    return (uint32_t)x * (uint32_t)x;
}

/* The squares of three int16 fit 32 bits together. A component of a remainder may be longer, but
 * the whole of it is no longer than its vector. */
static uint32_t length(int32_t x, int32_t y, int32_t z) {
    return tiny_root_32(squared(x) + squared(y) + squared(z));
}

void tiny_vector_norm(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n,
                      int16_t *out) {
    for (uint16_t i = 0; i < n; i++) {
        out[i] = held(length(x[i], y[i], z[i]));
    }
}

typedef struct {
    int32_t x, y, z;
} direction_t;

static uint64_t squares(int32_t a, int32_t b) {
    return (uint64_t)((int64_t)a * a) + (uint64_t)((int64_t)b * b);
}

/* A multiple of the window's mean, of a length of 2^25 to 2^27; all 0 where it is nothing. */
static direction_t mean(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n) {
    direction_t d = {tiny_signal_sum(x, n), tiny_signal_sum(y, n), tiny_signal_sum(z, n)};
    uint64_t square = squares(d.x, d.y) + squares(d.z, 0);
    while (square != 0 && square < (uint64_t)1 << 50) {
        d.x *= 2;
        d.y *= 2;
        d.z *= 2;
        square *= 4;
    }
    return d;
}

/* The window's mean as a unit vector. |component| <= 2^ONE. */
static direction_t gravity(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n) {
    direction_t d = mean(x, y, z, n);
    const uint32_t size = tiny_root(squares(d.x, d.y) + squares(d.z, 0));
    if (size != 0) {
        d.x = tiny_quotient((int64_t)d.x * ((int32_t)1 << ONE), size);
        d.y = tiny_quotient((int64_t)d.y * ((int32_t)1 << ONE), size);
        d.z = tiny_quotient((int64_t)d.z * ((int32_t)1 << ONE), size);
    }
    return d;
}

/* No sum of products here exceeds the product of two lengths (Cauchy and Schwarz), 2^30.8. */

void tiny_vector_along(const int16_t *x, const int16_t *y, const int16_t *z, const int16_t *gx,
                       const int16_t *gy, const int16_t *gz, uint16_t n, int16_t *out) {
    const direction_t g = gravity(gx, gy, gz, n);
    for (uint16_t i = 0; i < n; i++) {
        const int32_t along = rounded(x[i] * g.x + y[i] * g.y + z[i] * g.z);
        out[i] = tiny_signal_held(along);
    }
}

/* The length of the cross product: the root of |v|^2 less the square along g would be wrong by the
 * root of what rounding leaves. */
void tiny_vector_across(const int16_t *x, const int16_t *y, const int16_t *z, const int16_t *gx,
                        const int16_t *gy, const int16_t *gz, uint16_t n, int16_t *out) {
    const direction_t g = gravity(gx, gy, gz, n);
    if (g.x == 0 && g.y == 0 && g.z == 0) {
        tiny_vector_norm(x, y, z, n, out);
        return;
    }
    for (uint16_t i = 0; i < n; i++) {
        out[i] = held(length(rounded(y[i] * g.z - z[i] * g.y), rounded(z[i] * g.x - x[i] * g.z),
                             rounded(x[i] * g.y - y[i] * g.x)));
    }
}

int32_t tiny_vector_tilt(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n) {
    const direction_t d = mean(x, y, z, n);
    return n == 0 ? TINY_MISSING : tiny_angle((int32_t)tiny_root(squares(d.x, d.y)), d.z);
}

int32_t tiny_vector_pitch(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n) {
    const direction_t d = mean(x, y, z, n);
    return n == 0 ? TINY_MISSING : tiny_angle(-d.x, (int32_t)tiny_root(squares(d.y, d.z)));
}

int32_t tiny_vector_roll(const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n) {
    const direction_t d = mean(x, y, z, n);
    return n == 0 ? TINY_MISSING : tiny_angle(d.y, d.z);
}
