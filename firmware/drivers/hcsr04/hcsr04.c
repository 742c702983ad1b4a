#include "hcsr04.h"
#include "hal.h"
#include "number.h"

#define TIMEOUT_US 30000u /* 400 cm take 23.2 ms */
#define PAUSE_MS   60
#define TRIES      5

#define LEAST (-100)
#define MOST  1100

tiny_status_t tiny_hcsr04_read(const tiny_hcsr04_t TINY_ROM *c, int32_t *out) {
    int32_t mm[3] = {0, 0, 0};
    uint8_t got = 0;
    out[0] = TINY_MISSING;
    for (uint8_t i = 0; i < TRIES && got < 3; i++) {
        uint32_t us = 0;
        if (i > 0) {
            hal_delay_ms(PAUSE_MS);
        }
        if (hal_pulse_us(c->trigger, c->echo, TIMEOUT_US, &us) < 0 || us > TIMEOUT_US) {
            continue;
        }
        mm[got++] = (int32_t)((us * 5u + 14u) / 29u); /* us / 5.8 */
    }
    if (got < 3) {
        return TINY_E_IO;
    }
    const int32_t middle = tiny_median3(mm[0], mm[1], mm[2]);
    const int32_t level = tiny_line(middle, c->calibrate_empty, c->calibrate_full, 0, 1000);
    if (middle < 20 || middle > 4000 || level < LEAST || level > MOST) {
        return TINY_E_IO;
    }
    out[0] = level;
    return TINY_OK;
}
