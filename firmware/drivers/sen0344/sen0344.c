#include "sen0344.h"
#include "hal.h"

#define RESULT  0x0C /* oxygen u8, spare, heart rate u32 with the highest byte first, spare */
#define COLLECT 0x20
#define LOWEST  20u
#define HIGHEST 350u

tiny_status_t tiny_sen0344_read(const tiny_sen0344_t TINY_ROM *c, int32_t *out) {
    /* Starting anew while it collects changes nothing, and mends a sensor that lost its power. */
    const uint8_t start[] = {COLLECT, 0, 1};
    const uint8_t result = RESULT;
    uint8_t r[8];
    out[0] = TINY_MISSING;
    if (hal_i2c_write(c->address, start, sizeof start) < 0 ||
        hal_i2c_write(c->address, &result, 1) < 0 || hal_i2c_read(c->address, r, sizeof r) < 0) {
        return TINY_E_IO;
    }
    const uint32_t rate = (uint32_t)r[2] << 24 | (uint32_t)r[3] << 16 | (uint32_t)r[4] << 8 | r[5];
    if (rate < LOWEST || rate > HIGHEST) {
        return TINY_E_MISSING; /* it answers 0 or -1 without a pulse */
    }
    out[0] = (int32_t)rate;
    return TINY_OK;
}
