#include "tmp117.h"
#include "hal.h"

#define TEMPERATURE 0x00
#define CONFIG      0x01
#define ONE_SHOT    0x0C20u /* mode 11: one conversion of 8 averages, then shutdown */
#define READY       0x2000u
#define WAIT_MS     125u /* 8 x 15.5 ms, and a little */
#define TRIES       3

/* A register's 16 bits, the high byte first; negative when the bus fails. */
static int32_t get(uint8_t address, uint8_t pointer) {
    uint8_t two[2];
    if (hal_i2c_write(address, &pointer, 1) < 0 || hal_i2c_read(address, two, 2) < 0) {
        return -1;
    }
    return ((int32_t)two[0] << 8) | two[1];
}

tiny_status_t tiny_tmp117_read(const tiny_tmp117_t TINY_ROM *c, int32_t *out) {
    const uint8_t start[] = {CONFIG, (uint8_t)(ONE_SHOT >> 8), (uint8_t)(ONE_SHOT & 0xFFu)};
    out[0] = TINY_MISSING;
    if (hal_i2c_write(c->address, start, sizeof start) < 0) {
        return TINY_E_IO;
    }
    for (uint8_t i = 0; i < TRIES; i++) {
        hal_delay_ms(WAIT_MS);
        const int32_t config = get(c->address, CONFIG);
        if (config < 0) {
            return TINY_E_IO;
        }
        if (((uint32_t)config & READY) != 0) {
            const int32_t raw = get(c->address, TEMPERATURE);
            if (raw < 0) {
                return TINY_E_IO;
            }
            /* 7.8125 m degC a step, two's complement; 25/32 hundredths, to the nearest */
            const int32_t steps = raw < 0x8000 ? raw : raw - 0x10000;
            const int32_t sum = steps * 25;
            out[0] = (sum < 0 ? sum - 16 : sum + 16) / 32;
            return TINY_OK;
        }
    }
    return TINY_E_IO;
}
