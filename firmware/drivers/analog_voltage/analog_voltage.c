#include "analog_voltage.h"
#include "hal.h"
#include "number.h"

#define MOST_MV 6000

tiny_status_t tiny_analog_voltage_read(const tiny_analog_voltage_t TINY_ROM *c, int32_t *out) {
    int32_t mv[3];
    out[0] = TINY_MISSING;
    for (uint8_t i = 0; i < 3; i++) {
        if (hal_adc_mv(c->pin, &mv[i]) < 0) {
            return TINY_E_IO;
        }
    }
    const int32_t middle = tiny_median3(mv[0], mv[1], mv[2]);
    if (middle < 0 || middle > MOST_MV) {
        return TINY_E_IO;
    }
    out[0] = middle;
    return TINY_OK;
}
