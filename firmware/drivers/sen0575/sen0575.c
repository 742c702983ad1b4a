#include "sen0575.h"
#include "hal.h"

#define TIME_RAINFALL 0x0C /* four bytes, least first, in 0.0001 mm */
#define RAIN_HOUR     0x26 /* of so many hours */
#define SETTLE_MS     100  /* the sum is made anew */
#define MOST          2000

tiny_status_t tiny_sen0575_read(const tiny_sen0575_t TINY_ROM *c, int32_t *out) {
    const uint8_t one_hour[] = {RAIN_HOUR, 1};
    const uint8_t sum[] = {TIME_RAINFALL};
    uint8_t d[4];
    out[0] = TINY_MISSING;
    if (hal_i2c_write(c->address, one_hour, sizeof one_hour) < 0) {
        return TINY_E_IO;
    }
    hal_delay_ms(SETTLE_MS);
    if (hal_i2c_write(c->address, sum, sizeof sum) < 0 ||
        hal_i2c_read(c->address, d, sizeof d) < 0) {
        return TINY_E_IO;
    }
    const uint32_t fine =
        (uint32_t)d[0] | ((uint32_t)d[1] << 8) | ((uint32_t)d[2] << 16) | ((uint32_t)d[3] << 24);
    const uint32_t tenths = (fine / 500u + 1u) / 2u;
    if (tenths > MOST) {
        return TINY_E_IO;
    }
    out[0] = (int32_t)tenths;
    return TINY_OK;
}
