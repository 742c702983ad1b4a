#include "electrochemical_gas.h"
#include "hal.h"
#include "number.h"

#define MOST          30000
#define CALIBRATED_AT 200 /* 0.1 degC */

/* ug/m3 of one ppb in 1/10000: molar mass over 24.465 L/mol. */
static const uint16_t TINY_ROM heavy[] = {11449, 18805, 26187, 19619};

tiny_status_t tiny_electrochemical_gas_read(const tiny_electrochemical_gas_t TINY_ROM *c,
                                            int32_t *out) {
    int32_t mv[3];
    out[0] = TINY_MISSING;
    for (uint8_t i = 0; i < 3; i++) {
        if (hal_adc_mv(c->pin, &mv[i]) < 0) {
            return TINY_E_IO;
        }
    }
    const int32_t middle = tiny_median3(mv[0], mv[1], mv[2]);
    if (middle < 0 || middle > 5000) {
        return TINY_E_IO;
    }
    /* 5000 mV x 100000 ppb < 2^30 */
    const int32_t ppb =
        tiny_line(middle, c->calibrate_zero, c->calibrate_span, 0, c->calibrate_test);
    if (ppb <= 0) {
        out[0] = 0;
        return TINY_OK;
    }
    const int64_t mass = ((int64_t)ppb * heavy[c->gas] + 5000) / 10000;
    if (mass > MOST) {
        return TINY_E_IO;
    }
    out[0] = (int32_t)mass;
    return TINY_OK;
}

void tiny_electrochemical_gas_compensate(const tiny_electrochemical_gas_t TINY_ROM *c, int32_t *out,
                                         const int32_t *with) {
    if (out[0] == TINY_MISSING || with[0] == TINY_MISSING) {
        return;
    }
    const int32_t tenths = with[0] < -300 ? -300 : with[0] > 600 ? 600 : with[0];
    /* Percent at 10 K are thousandths at 1 K. */
    const int32_t more = 10000 + c->warmer * (tenths - CALIBRATED_AT);
    const int32_t least = more < 2000 ? 2000 : more;
    const int32_t mass = (int32_t)(((int64_t)out[0] * 10000 + least / 2) / least);
    out[0] = mass > MOST ? MOST : mass;
}
