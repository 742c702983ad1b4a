#include "shape.h"

/* Shell's sort with Ciura's gaps (2001): short, no recursion, no bad case at this size. */
void tiny_shape_sort(const int16_t *x, uint16_t n, int16_t *sorted) {
    static const uint16_t TINY_ROM gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};
    for (uint16_t i = 0; i < n; i++) {
        sorted[i] = x[i];
    }
    for (uint8_t g = 0; g < sizeof gaps / sizeof gaps[0]; g++) {
        const uint16_t gap = gaps[g];
        for (uint16_t i = gap; i < n; i++) {
            const int16_t frame = sorted[i];
            uint16_t at = i;
            while (at >= gap && sorted[at - gap] > frame) {
                sorted[at] = sorted[at - gap];
                at = (uint16_t)(at - gap);
            }
            sorted[at] = frame;
        }
    }
}

/* The frame at a quarter's multiple of the way, in hundredths. */
static int32_t quantile(const int16_t *sorted, uint16_t n, uint8_t quarters) {
    const uint16_t way = (uint16_t)((n - 1U) * quarters);
    const uint16_t at = way / 4U;
    const uint8_t part = way % 4U;
    const int32_t frame = sorted[at];
    return part == 0 ? frame * 100 : frame * 100 + (sorted[at + 1U] - frame) * 25 * part;
}

int32_t tiny_shape_median(const int16_t *sorted, uint16_t n) {
    return n == 0 ? TINY_MISSING : quantile(sorted, n, 2);
}

int32_t tiny_shape_iqr(const int16_t *sorted, uint16_t n) {
    return n == 0 ? TINY_MISSING : quantile(sorted, n, 3) - quantile(sorted, n, 1);
}

void tiny_shape_centre(const int16_t *x, uint16_t n, int16_t *centred) {
    const tiny_signal_centre_t centre = tiny_signal_centre(x, n, 13);
    for (uint16_t i = 0; i < n; i++) {
        centred[i] = (int16_t)tiny_signal_centred(&centre, x[i]);
    }
}

typedef struct {
    uint64_t variance; /* 2^14..2^26, or 0 */
    uint64_t fourth;   /* < 2^52 */
    int64_t third;     /* < 2^39 */
} moments_t;

static moments_t moments(const int16_t *centred, uint16_t n) {
    moments_t m = {0, 0, 0};
    for (uint16_t i = 0; i < n; i++) {
        const uint32_t square = (uint32_t)((int32_t)centred[i] * centred[i]);
        m.variance += square;
        m.third += (int64_t)square * centred[i];
        m.fourth += (uint64_t)square * square;
    }
    m.variance = (m.variance + n / 2U) / n;
    m.third /= n;
    m.fourth /= n;
    return m;
}

int32_t tiny_shape_skewness(const int16_t *centred, uint16_t n) {
    if (n == 0) {
        return TINY_MISSING;
    }
    const moments_t m = moments(centred, n);
    if (m.variance == 0) {
        return 0;
    }
    const uint32_t deviation = tiny_root(m.variance << 16); /* in 1/256 */
    return tiny_quotient(m.third * 256000, m.variance * deviation);
}

int32_t tiny_shape_kurtosis(const int16_t *centred, uint16_t n) {
    if (n == 0) {
        return TINY_MISSING;
    }
    const moments_t m = moments(centred, n);
    return m.variance == 0
               ? 0
               : tiny_quotient((int64_t)(m.fourth * 1000U), m.variance * m.variance) - 3000;
}

int32_t tiny_shape_crest(const int16_t *centred, uint16_t n) {
    if (n == 0) {
        return TINY_MISSING;
    }
    uint64_t squares = 0;
    uint32_t most = 0;
    for (uint16_t i = 0; i < n; i++) {
        const uint32_t square = (uint32_t)((int32_t)centred[i] * centred[i]);
        squares += square;
        most = square > most ? square : most;
    }
    return squares == 0 ? 0 : tiny_root_ratio((uint64_t)most * n * 1000000U, squares, 0);
}
