#include "arithmetic.h"

/* Most quotients fit 32 bits, where an AVR divides four times as fast. */
int32_t tiny_quotient(int64_t numerator, uint64_t denominator) {
    const bool negative = numerator < 0;
    const uint64_t raised = tiny_size(numerator) + denominator / 2;
    uint64_t quotient;
    if (raised <= UINT32_MAX && denominator <= UINT32_MAX) {
        quotient = (uint32_t)raised / (uint32_t)denominator;
    } else {
        quotient = raised / denominator;
    }
    if (quotient > INT32_MAX) {
        quotient = INT32_MAX;
    }
    return negative ? -(int32_t)quotient : (int32_t)quotient;
}

int32_t tiny_scaled(int32_t value, int32_t numerator, uint32_t denominator) {
    return value == TINY_MISSING ? TINY_MISSING
                                 : tiny_quotient((int64_t)value * numerator, denominator);
}

/* A bit of the root at a time, from the top. */
uint32_t tiny_root(uint64_t value) {
    uint64_t rest = value;
    uint64_t root = 0;
    for (uint64_t bit = (uint64_t)1 << 62; bit != 0; bit >>= 2) {
        if (rest >= root + bit) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (uint32_t)root;
}

uint32_t tiny_full_root(uint64_t x, int16_t *pairs) {
    while (x < (uint64_t)1 << 60) {
        x <<= 2;
        ++*pairs;
    }
    return tiny_root(x);
}

int32_t tiny_root_ratio(uint64_t a, uint64_t b, int16_t e) {
    if (a == 0) {
        return 0;
    }
    int16_t up = 0;
    int16_t down = 0;
    const uint32_t above = tiny_full_root(a, &up);
    const uint32_t below = tiny_full_root(b, &down);
    const int16_t power = (int16_t)(e + down - up); /* of above / below, which is 1/4..4 */
    if (power < -31) {
        return 0;
    }
    if (power > 31) {
        return INT32_MAX;
    }
    return power < 0 ? tiny_quotient(above, (uint64_t)below << -power)
                     : tiny_quotient((int64_t)((uint64_t)above << power), below);
}

uint16_t tiny_root_32(uint32_t value) {
    uint32_t rest = value;
    uint32_t root = 0;
    uint32_t bit = (uint32_t)1 << 30;
    while (bit > value) {
        bit >>= 2;
    }
    for (; bit != 0; bit >>= 2) {
        if (rest >= root + bit) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    /* What is left is value - root^2; the middle between root^2 and (root + 1)^2 is root^2 + root +
     * 1/4. The root of 2^32 - 1 would round to 65536. */
    return (uint16_t)(rest > root && root < UINT16_MAX ? root + 1U : root);
}

/* Odd polynomial in y / x on 0..1, fitted for the least greatest error (0.0007 degrees), in
 * quarters of a hundredth. */
static int32_t octant(uint32_t y, uint32_t x) {
    while (x > UINT16_MAX) {
        x >>= 1;
        y >>= 1;
    }
    const int32_t t = (int32_t)((y << 15) / x);
    const int32_t tt = (t * t + ((int32_t)1 << 14)) >> 15;
    static const int16_t TINY_ROM terms[] = {478, -1952, 4129, -7570, 22915};
    int32_t sum = 0;
    for (uint8_t i = 0; i < 5; i++) {
        sum = ((sum * tt + ((int32_t)1 << 14)) >> 15) + terms[i];
    }
    return (sum * t + ((int32_t)1 << 16)) >> 17;
}

int32_t tiny_angle(int32_t y, int32_t x) {
    const uint32_t up = y < 0 ? 0U - (uint32_t)y : (uint32_t)y;
    const uint32_t along = x < 0 ? 0U - (uint32_t)x : (uint32_t)x;
    if (up == 0 && along == 0) {
        return 0;
    }
    int32_t angle = up <= along ? octant(up, along) : 9000 - octant(along, up);
    angle = x < 0 ? 18000 - angle : angle;
    return y < 0 ? -angle : angle;
}

/* A quarter of a wave in 64 steps; between them along the chord, raised by what the arc is above
 * it: sin * (step^2 / 2) * t * (1 - t), which leaves less than a thousandth of a unit. */
int16_t tiny_sine(uint16_t turn) {
    static const int16_t TINY_ROM quarter[] = {
        0,     804,   1608,  2411,  3212,  4011,  4808,  5602,  6393,  7180,  7962,  8740,  9512,
        10279, 11039, 11793, 12540, 13279, 14010, 14733, 15447, 16151, 16846, 17531, 18205, 18868,
        19520, 20160, 20788, 21403, 22006, 22595, 23170, 23732, 24279, 24812, 25330, 25833, 26320,
        26791, 27246, 27684, 28106, 28511, 28899, 29269, 29622, 29957, 30274, 30572, 30853, 31114,
        31357, 31581, 31786, 31972, 32138, 32286, 32413, 32522, 32610, 32679, 32729, 32758, 32767};
    uint16_t at = turn & 0x7fffU;
    if (at > 0x4000U) {
        at = (uint16_t)(0x8000U - at);
    }
    const uint8_t step = (uint8_t)(at >> 8);
    const uint8_t part = (uint8_t)at;
    int16_t sine = quarter[step];
    if (part != 0) {
        const int16_t rise = (int16_t)(quarter[step + 1U] - sine);
        sine = (int16_t)(sine + (((int32_t)rise * part + 128) >> 8));
        const uint16_t bow = (uint16_t)(part * (256U - part));
        const int32_t raised = sine + ((((int32_t)sine * bow >> 16) * 5 + 8192) >> 14);
        sine = (int16_t)(raised > INT16_MAX ? INT16_MAX : raised);
    }
    return turn < 0x8000U ? sine : (int16_t)-sine;
}

/* log2(1 + f) = f + f (1 - f) (a cubic, fitted for the least greatest error, 1.6e-5). */
int32_t tiny_log2(uint32_t value) {
    if (value == 0) {
        return 0;
    }
    int32_t whole = 31;
    while ((value & 0x80000000U) == 0) {
        value <<= 1;
        whole--;
    }
    const int32_t f = (int32_t)((value & 0x7fffffffU) >> 16);
    int32_t cubic = 4864 - ((1479 * f) >> 15);
    cubic = -8755 + ((cubic * f) >> 15);
    cubic = 14481 + ((cubic * f) >> 15);
    const int32_t bow = (f * (32768 - f)) >> 15;
    return whole * 32768 + f + ((bow * cubic + ((int32_t)1 << 14)) >> 15);
}
