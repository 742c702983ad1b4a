#include "sps30.h"
#include "crc8.h"
#include "hal.h"

#define QUANTITIES 4
#define MOST       1000
#define START_UP_S 30 /* section 1.1: 8 s in dusty air, 30 s in clean air */
#define COMMAND_MS 20 /* section 6.3.2: a start or stop is done by then */

tiny_status_t tiny_sps30_read(const tiny_sps30_t TINY_ROM *c, int32_t *out) {
    const uint8_t start[] = {0x00, 0x10, 0x05, 0x00, 0xF6}; /* 16-bit integers; their checksum */
    const uint8_t stop[] = {0x01, 0x04};
    const uint8_t values[] = {0x03, 0x00};
    uint8_t d[3 * QUANTITIES]; /* the numbers of particles come after the masses: left unread */
    for (uint8_t i = 0; i < QUANTITIES; i++) {
        out[i] = TINY_MISSING;
    }
    if (hal_i2c_write(c->address, start, sizeof start) < 0) {
        return TINY_E_IO;
    }
    for (uint8_t i = 0; i < START_UP_S; i++) {
        hal_delay_ms(1000);
        hal_watchdog();
    }
    const bool read = hal_i2c_write(c->address, values, sizeof values) >= 0 &&
                      hal_i2c_read(c->address, d, sizeof d) >= 0;
    (void)hal_i2c_write(c->address, stop, sizeof stop); /* whatever was read, the fan stops */
    hal_delay_ms(COMMAND_MS);
    for (uint8_t i = 0; i < QUANTITIES; i++) {
        if (!read || tiny_crc8(&d[3 * i], 2) != d[3 * i + 2]) {
            return TINY_E_IO;
        }
    }
    for (uint8_t i = 0; i < QUANTITIES; i++) {
        const uint16_t mass = (uint16_t)((uint16_t)d[3 * i] << 8 | d[3 * i + 1]);
        out[i] = mass > MOST ? MOST : mass;
    }
    return TINY_OK;
}
