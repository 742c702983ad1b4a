#include "mq_gas.h"
#include "hal.h"
#include "number.h"

#define LEAST_MV 20
#define MOST     100000

/* At 33 %: Rs against that at 20 degC, in thousandths, every 15 K from -10 degC. */
static const int16_t TINY_ROM at_33[] = {1700, 1270, 1000, 900, 900};
#define COLDEST (-100)
#define STEP    150
#define LAST    4

/* From 33 % to 85 % Rs falls by this, thousandths of the value at 20 degC, 33 %. */
#define DAMP_FALL 94
#define DAMP_SPAN 520

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

static int32_t by_temperature(int32_t tenths) {
    int32_t beyond = tenths - COLDEST;
    beyond = beyond < 0 ? 0 : beyond > LAST * STEP - 1 ? LAST * STEP - 1 : beyond;
    const int32_t at = beyond / STEP;
    return tiny_line(beyond % STEP, 0, STEP, at_33[at], at_33[at + 1]);
}

void tiny_mq_gas_compensate(const tiny_mq_gas_t TINY_ROM *c, int32_t *out, const int32_t *with) {
    (void)c;
    if (out[0] == TINY_MISSING) {
        return;
    }
    int32_t usual = with[0] == TINY_MISSING ? 1000 : by_temperature(with[0]);
    if (with[1] != TINY_MISSING) {
        const int32_t damp = with[1] < 0 ? 0 : with[1] > 1000 ? 1000 : with[1];
        usual -= tiny_line(damp - 330, 0, DAMP_SPAN, 0, DAMP_FALL);
    }
    const int64_t ratio = ((int64_t)out[0] * 1000 + usual / 2) / usual;
    out[0] = ratio < 1 ? 1 : ratio > MOST ? MOST : (int32_t)ratio;
}
