#include "adxl345.h"
#include "hal.h"

#define DEVID       0x00
#define BW_RATE     0x2C
#define POWER_CTL   0x2D
#define INT_SOURCE  0x30
#define DATA_FORMAT 0x31
#define DATAX0      0x32 /* low byte first; reading the six takes a frame off the FIFO */
#define FIFO_CTL    0x38
#define FIFO_STATUS 0x39

#define MEASURE     0x08
#define FULL_16_G   0x0B /* 3.9 mg a step at every range; +-16 g */
#define STREAM      0x80 /* the FIFO keeps the latest 32 frames */
#define BYPASS      0x00 /* ... and loses them all */
#define OVERRUN     0x01
#define ENTRIES     0x3F
#define FRAME_BYTES 6

static bool set(const tiny_adxl345_t TINY_ROM *c, uint8_t address, uint8_t value) {
    const uint8_t d[] = {address, value};
    return hal_i2c_write(c->address, d, sizeof d) >= 0;
}

static bool get(const tiny_adxl345_t TINY_ROM *c, uint8_t address, uint8_t *d, size_t n) {
    return hal_i2c_write(c->address, &address, 1) >= 0 && hal_i2c_read(c->address, d, n) >= 0;
}

tiny_status_t tiny_adxl345_begin(const tiny_adxl345_t TINY_ROM *c) {
    uint8_t code = 0x06; /* table 7: 6.25 Hz; each one more doubles it */
    uint8_t id = 0;
    for (uint32_t rate = 6250; rate < c->rate; rate *= 2) {
        code++;
    }
    const bool done = get(c, DEVID, &id, 1) && id == 0xE5 && set(c, POWER_CTL, 0) &&
                      set(c, BW_RATE, code) && set(c, DATA_FORMAT, FULL_16_G) &&
                      set(c, FIFO_CTL, BYPASS) && set(c, FIFO_CTL, STREAM) &&
                      set(c, POWER_CTL, MEASURE);
    return done ? TINY_OK : TINY_E_IO;
}

/* 256 steps a g; held at the +-16 g of the channel. */
static int16_t milli_g(const uint8_t *d) {
    const int16_t raw = (int16_t)(uint16_t)((uint16_t)d[1] << 8 | d[0]);
    const int32_t mg = ((int32_t)raw * 1000 + (raw < 0 ? -128 : 128)) / 256;
    return (int16_t)(mg > 16000 ? 16000 : mg < -16000 ? -16000 : mg);
}

tiny_status_t tiny_adxl345_frames(const tiny_adxl345_t TINY_ROM *c, int16_t *out, uint8_t count) {
    const uint16_t period_ms = (uint16_t)(1000000u / c->rate);
    uint8_t idle = 0; /* periods without a frame */
    while (count > 0) {
        uint8_t source = 0;
        uint8_t ready = 0;
        if (!get(c, INT_SOURCE, &source, 1) || !get(c, FIFO_STATUS, &ready, 1)) {
            return TINY_E_IO;
        }
        if ((source & OVERRUN) != 0) {
            return TINY_E_FULL;
        }
        ready &= ENTRIES;
        if (ready == 0) {
            if (++idle > 10) {
                return TINY_E_IO;
            }
            hal_delay_ms((uint16_t)(period_ms + 1));
            continue;
        }
        idle = 0;
        for (; ready > 0 && count > 0; ready--, count--) {
            uint8_t d[FRAME_BYTES];
            if (!get(c, DATAX0, d, sizeof d)) {
                return TINY_E_IO;
            }
            for (uint8_t i = 0; i < TINY_ADXL345_CHANNELS; i++) {
                *out++ = milli_g(&d[2 * i]);
            }
        }
    }
    return TINY_OK;
}

tiny_status_t tiny_adxl345_rest(const tiny_adxl345_t TINY_ROM *c) {
    return set(c, POWER_CTL, 0) ? TINY_OK : TINY_E_IO;
}
