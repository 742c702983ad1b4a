#include "wind_vane.h"
#include "features/arithmetic.h"
#include "hal.h"
#include "number.h"

#define MOST     7500
#define SLACK_MV 100 /* below still air: no supply */

static tiny_status_t middle(uint8_t pin, int32_t *mv) {
    int32_t of[3];
    for (uint8_t i = 0; i < 3; i++) {
        if (hal_adc_mv(pin, &of[i]) < 0) {
            return TINY_E_IO;
        }
    }
    *mv = tiny_median3(of[0], of[1], of[2]);
    return TINY_OK;
}

/* `speed` times a sine in 2^-15, half away from zero. */
static int32_t part(int32_t speed, int16_t sine) {
    const int32_t whole = speed * sine;
    return (int32_t)((whole < 0 ? whole - (1 << 14) : whole + (1 << 14)) / 32768L);
}

tiny_status_t tiny_wind_vane_read(const tiny_wind_vane_t TINY_ROM *c, int32_t *out) {
    int32_t mv;
    out[0] = out[1] = out[2] = TINY_MISSING;
    if (middle(c->pin, &mv) != TINY_OK || mv < c->calibrate_still - SLACK_MV) {
        return TINY_E_IO;
    }
    const int32_t speed = tiny_line(mv, c->calibrate_still, c->calibrate_full, 0, c->full_speed);
    if (speed > MOST) {
        return TINY_E_IO;
    }
    out[0] = speed < 0 ? 0 : speed;
    if (middle(c->vane, &mv) != TINY_OK || mv < 0 || mv > c->supply) {
        return TINY_E_IO;
    }
    const uint16_t turn = (uint16_t)(((uint32_t)mv << 16) / (uint32_t)c->supply);
    out[1] = -part(out[0], tiny_sine(turn));
    out[2] = -part(out[0], tiny_sine((uint16_t)(turn + 0x4000u)));
    return TINY_OK;
}
