#include "capacitive_soil.h"
#include "hal.h"
#include "number.h"

/* The probe's output starts at 1.2 V in water; below this it has no supply or a short. */
#define LEAST_MV 100
#define MOST_MV  6000

#define LEAST (-500)
#define MOST  2000

tiny_status_t tiny_capacitive_soil_read(const tiny_capacitive_soil_t TINY_ROM *c, int32_t *out) {
    int32_t mv[3];
    out[0] = TINY_MISSING;
    for (uint8_t i = 0; i < 3; i++) {
        if (hal_adc_mv(c->pin, &mv[i]) < 0) {
            return TINY_E_IO;
        }
    }
    const int32_t middle = tiny_median3(mv[0], mv[1], mv[2]);
    if (middle < LEAST_MV || middle > MOST_MV) {
        return TINY_E_IO;
    }
    const int32_t share = tiny_line(middle, c->calibrate_dry, c->calibrate_wet, 0, 1000);
    if (share < LEAST || share > MOST) {
        return TINY_E_IO;
    }
    out[0] = share;
    return TINY_OK;
}
