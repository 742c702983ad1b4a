#include "likeness.h"

/* Sum of the products of frames `lag` apart, < 2^37. */
static int64_t products(const int16_t *centred, uint16_t n, uint16_t lag) {
    int64_t sum = 0;
    uint16_t i = 0;
    while (i + lag < n) {
        int32_t part = 0; /* 16 products of 2^26 */
        for (uint8_t k = 0; k < 16 && i + lag < n; k++, i++) {
            part += (int32_t)centred[i] * centred[i + lag];
        }
        sum += part;
    }
    return sum;
}

int32_t tiny_likeness_autocorrelation(const int16_t *centred, uint16_t n, uint16_t lag) {
    if (n == 0) {
        return TINY_MISSING;
    }
    const int64_t squares = products(centred, n, 0);
    return squares == 0 ? 0 : tiny_quotient(products(centred, n, lag) * 1000, (uint64_t)squares);
}

int32_t tiny_likeness_period(const int16_t *centred, uint16_t n) {
    if (n == 0) {
        return TINY_MISSING;
    }
    uint16_t lag = 1;
    const uint16_t last = n / 2U;
    int64_t before = 0;
    while (lag <= last && (before = products(centred, n, lag)) >= 0) {
        lag++;
    }
    uint16_t period = 0;
    int64_t highest = 0;
    int64_t here = before;
    for (; lag <= last; lag++) {
        const int64_t after = products(centred, n, (uint16_t)(lag + 1U));
        if (here > highest && here >= before && here > after) {
            highest = here;
            period = lag;
        }
        before = here;
        here = after;
    }
    return period;
}

int32_t tiny_likeness_correlation(const int16_t *x, const int16_t *y, uint16_t n) {
    if (n == 0) {
        return TINY_MISSING;
    }
    int64_t xx = 0;
    int64_t yy = 0;
    int64_t xy = 0;
    for (uint16_t i = 0; i < n; i++) {
        xx += (int32_t)x[i] * x[i];
        yy += (int32_t)y[i] * y[i];
        xy += (int32_t)x[i] * y[i];
    }
    const int64_t x_sum = tiny_signal_sum(x, n);
    const int64_t y_sum = tiny_signal_sum(y, n);
    xx = n * xx - x_sum * x_sum; /* n^2 times (co)variances, < 2^51 */
    yy = n * yy - y_sum * y_sum;
    xy = n * xy - x_sum * y_sum;
    if (xx == 0 || yy == 0) {
        return 0;
    }
    int16_t pairs = 0;
    const uint64_t roots =
        (uint64_t)tiny_full_root((uint64_t)xx, &pairs) * tiny_full_root((uint64_t)yy, &pairs);
    /* Like the roots, no more than 2^62 but for their rounding: 11 bits make room for 1000. */
    const int64_t thousand = (int64_t)((tiny_size(xy) << pairs) >> 11) * 1000;
    return tiny_quotient(xy < 0 ? -thousand : thousand, roots >> 11);
}
