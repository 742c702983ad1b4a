#include "mq_gas.h"
#include "hal.h"
#include "number.h"

#define LEAST_MV 20
#define MOST     100000

/* Where the curve has its points: tenths of a degree, tenths of a percent. */
#define COLD  (-100)
#define COOL  50
#define USUAL 200
#define HOT   500
#define DRY   330
#define DAMP  850

tiny_status_t tiny_mq_gas_read(const tiny_mq_gas_t TINY_ROM *c, int32_t *out) {
    int32_t mv[3];
    out[0] = TINY_MISSING;
    for (uint8_t i = 0; i < 3; i++) {
        if (hal_adc_mv(c->pin, &mv[i]) < 0) {
            return TINY_E_IO;
        }
    }
    const int32_t v = tiny_median3(mv[0], mv[1], mv[2]);
    const int32_t supply = c->supply;
    const int32_t air = c->calibrate_air;
    if (v < LEAST_MV || v >= supply || air >= supply) {
        return TINY_E_IO;
    }
    const int64_t part = (int64_t)(supply - v) * air * 1000;
    const int64_t whole = (int64_t)v * (supply - air);
    const int64_t ratio = (part + whole / 2) / whole;
    out[0] = ratio < 1 ? 1 : ratio > MOST ? MOST : (int32_t)ratio;
    return TINY_OK;
}

/* Rs at a temperature, in thousandths of that at 20 degC. */
static int32_t by_temperature(const tiny_mq_gas_t TINY_ROM *c, int32_t tenths) {
    const int32_t t = tenths < COLD ? COLD : tenths > HOT ? HOT : tenths;
    if (t < COOL) {
        return tiny_line(t, COLD, COOL, 10 * (int32_t)c->curve_cold, 10 * (int32_t)c->curve_cool);
    }
    if (t < USUAL) {
        return tiny_line(t, COOL, USUAL, 10 * (int32_t)c->curve_cool, 1000);
    }
    return tiny_line(t, USUAL, HOT, 1000, 10 * (int32_t)c->curve_hot);
}

void tiny_mq_gas_compensate(const tiny_mq_gas_t TINY_ROM *c, int32_t *out, const int32_t *with) {
    if (out[0] == TINY_MISSING) {
        return;
    }
    const int32_t warmth = with[0] == TINY_MISSING ? 1000 : by_temperature(c, with[0]);
    int32_t damp = with[1] == TINY_MISSING ? DRY : with[1];
    damp = damp < 0 ? 0 : damp > 1000 ? 1000 : damp;
    const int32_t wet = tiny_line(damp, DRY, DAMP, 1000, 10 * (int32_t)c->curve_damp);
    const int64_t usual = (int64_t)warmth * wet;
    const int64_t ratio = ((int64_t)out[0] * 1000000 + usual / 2) / usual;
    out[0] = ratio < 1 ? 1 : ratio > MOST ? MOST : (int32_t)ratio;
}
