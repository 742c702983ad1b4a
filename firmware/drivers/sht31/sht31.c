#include "sht31.h"
#include "hal.h"

#define MOST_MS 16 /* 15.5 ms at high repeatability (table 4) */

/* Polynomial 0x31, start 0xFF (table 20); of 0xBEEF it is 0x92. */
static uint8_t crc8(const uint8_t *data, uint8_t n) {
    uint8_t crc = 0xFF;
    for (uint8_t i = 0; i < n; i++) {
        crc = (uint8_t)(crc ^ data[i]);
        for (uint8_t bit = 0; bit < 8; bit++) {
            crc = (uint8_t)((crc & 0x80) != 0 ? (crc << 1) ^ 0x31 : crc << 1);
        }
    }
    return crc;
}

tiny_status_t tiny_sht31_read(const tiny_sht31_t TINY_ROM *c, int32_t *out) {
    const uint8_t single_shot[] = {0x24, 0x00}; /* high repeatability, no clock stretching */
    uint8_t d[6];
    out[0] = TINY_MISSING;
    out[1] = TINY_MISSING;
    if (hal_i2c_write(c->address, single_shot, sizeof single_shot) < 0) {
        return TINY_E_IO;
    }
    hal_delay_ms(MOST_MS);
    if (hal_i2c_read(c->address, d, sizeof d) < 0 || crc8(d, 2) != d[2] || crc8(d + 3, 2) != d[5]) {
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
