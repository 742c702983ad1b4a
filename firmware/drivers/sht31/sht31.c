#include "sht31.h"
#include "crc8.h"
#include "hal.h"

#define MOST_MS 16 /* 15.5 ms at high repeatability (table 4) */

tiny_status_t tiny_sht31_read(const tiny_sht31_t TINY_ROM *c, int32_t *out) {
    const uint8_t single_shot[] = {0x24, 0x00}; /* high repeatability, no clock stretching */
    uint8_t d[6];
    out[0] = TINY_MISSING;
    out[1] = TINY_MISSING;
    if (hal_i2c_write(c->address, single_shot, sizeof single_shot) < 0) {
        return TINY_E_IO;
    }
    hal_delay_ms(MOST_MS);
    if (hal_i2c_read(c->address, d, sizeof d) < 0 || tiny_crc8(d, 2) != d[2] ||
        tiny_crc8(d + 3, 2) != d[5]) {
        return TINY_E_IO;
    }
    /* Section 4.13: T = -45 + 175 x raw / 65535, RH = 100 x raw / 65535. */
    const uint32_t t = ((uint32_t)d[0] << 8) | d[1];
    const uint32_t rh = ((uint32_t)d[3] << 8) | d[4];
    const int32_t celsius = (int32_t)((t * 17500u + 32767u) / 65535u) - 4500;
    out[0] = celsius < -4000 ? -4000 : celsius > 12500 ? 12500 : celsius;
    out[1] = (int32_t)((rh * 1000u + 32767u) / 65535u);
    return TINY_OK;
}
