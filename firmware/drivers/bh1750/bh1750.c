#include "bh1750.h"
#include "hal.h"

#define ONE_TIME_H 0x20 /* 1 lx resolution, power down afterwards */
#define TIME_HIGH  0x40 /* measurement time register, bits 7..5 */
#define TIME_LOW   0x60 /* bits 4..0 */

#define TIME_DEFAULT  69
#define TIME_SHORTEST 31
#define MOST_MS       180 /* of a measurement at the default time */
#define NEARLY_FULL   60000u
#define MOST          120000

/* One measurement of `time` units; the count, or negative. */
static int32_t measure(uint8_t address, uint8_t time) {
    const uint8_t opcodes[] = {(uint8_t)(TIME_HIGH | (time >> 5)),
                               (uint8_t)(TIME_LOW | (time & 0x1F)), ONE_TIME_H};
    for (uint8_t i = 0; i < 3; i++) { /* one opcode a transfer */
        if (hal_i2c_write(address, &opcodes[i], 1) < 0) {
            return -1;
        }
    }
    hal_delay_ms(MOST_MS);
    uint8_t count[2];
    if (hal_i2c_read(address, count, 2) < 0) {
        return -1;
    }
    return ((int32_t)count[0] << 8) | count[1];
}

tiny_status_t tiny_bh1750_read(const tiny_bh1750_t TINY_ROM *c, int32_t *out) {
    out[0] = TINY_MISSING;
    uint8_t time = TIME_DEFAULT;
    int32_t count = measure(c->address, time);
    if (count > (int32_t)NEARLY_FULL) {
        time = TIME_SHORTEST;
        count = measure(c->address, time);
    }
    if (count < 0) {
        return TINY_E_IO;
    }
    /* count / 1.2 x 69 / time, to the nearest lux */
    const int32_t per = 12 * (int32_t)time;
    const int32_t lux = (count * (10 * TIME_DEFAULT) + per / 2) / per;
    out[0] = lux > MOST ? MOST : lux;
    return TINY_OK;
}
