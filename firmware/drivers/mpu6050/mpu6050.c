#include "mpu6050.h"
#include "hal.h"

#define SMPLRT_DIV 0x19 /* 4.4: rate = 1 kHz / (1 + value) with the low-pass on */
#define CONFIG     0x1A /* 4.5: low-pass of accelerometer and gyroscope */
#define RANGES     0x1B /* 4.6, 4.7: GYRO_CONFIG, then ACCEL_CONFIG */
#define FIFO_EN    0x23 /* 4.8: what goes into the FIFO */
#define INT_ENABLE 0x38 /* 4.15 */
#define INT_STATUS 0x3A /* 4.16: read to clear */
#define USER_CTRL  0x6A /* 4.29 */
#define PWR_MGMT_1 0x6B /* 4.30 */
#define FIFO_COUNT 0x72 /* 4.33: high byte, low byte */
#define FIFO_R_W   0x74 /* 4.34: in the order of the registers, accelerometer first */
#define WHO_AM_I   0x75 /* 4.35 */

#define OVERFLOWED  0x10 /* in INT_ENABLE and INT_STATUS */
#define ASLEEP      0x40
#define GYRO_CLOCK  0x01 /* steadier than the internal 8 MHz oscillator (4.30) */
#define FRAME_BYTES (2 * TINY_MPU6050_CHANNELS)
#define READ_FRAMES 2  /* a transfer of 24 bytes: the Arduino core's buffer holds 32 */
#define START_MS    30 /* product specification 6.1: the gyroscope is up */

static bool set(const tiny_mpu6050_t TINY_ROM *c, uint8_t address, uint8_t value) {
    const uint8_t d[] = {address, value};
    return hal_i2c_write(c->address, d, sizeof d) >= 0;
}

static bool get(const tiny_mpu6050_t TINY_ROM *c, uint8_t address, uint8_t *d, size_t n) {
    return hal_i2c_write(c->address, &address, 1) >= 0 && hal_i2c_read(c->address, d, n) >= 0;
}

/* The widest low-pass whose bandwidth is at most half the rate (4.5: 184, 94, 44, 21, 10, 5 Hz). */
static uint8_t low_pass(uint32_t rate) {
    const uint8_t bandwidth[] = {184, 94, 44, 21, 10};
    uint8_t value = 1;
    while (value <= sizeof bandwidth && bandwidth[value - 1] * 2000u > rate) {
        value++;
    }
    return value;
}

tiny_status_t tiny_mpu6050_begin(const tiny_mpu6050_t TINY_ROM *c) {
    const uint8_t ranges[] = {RANGES, 0x18, 0x18}; /* +-2000 deg/s, +-16 g */
    uint8_t who = 0;
    if (!get(c, WHO_AM_I, &who, 1) || who != 0x68 || !set(c, PWR_MGMT_1, GYRO_CLOCK)) {
        return TINY_E_IO;
    }
    hal_delay_ms(START_MS);
    const bool done = set(c, SMPLRT_DIV, (uint8_t)(1000000u / c->rate - 1)) &&
                      set(c, CONFIG, low_pass(c->rate)) &&
                      hal_i2c_write(c->address, ranges, sizeof ranges) >= 0 &&
                      set(c, INT_ENABLE, OVERFLOWED) && set(c, FIFO_EN, 0x78) && /* gyro, accel */
                      set(c, USER_CTRL, 0x04) && /* empties the FIFO, which must be off for it */
                      get(c, INT_STATUS, &who, 1) && set(c, USER_CTRL, 0x40);
    return done ? TINY_OK : TINY_E_IO;
}

/* 2048 steps a g (product specification 6.2); held at the +-16 g of the channel. */
static int16_t milli_g(int16_t raw) {
    const int32_t mg = ((int32_t)raw * 1000 + (raw < 0 ? -1024 : 1024)) / 2048;
    return (int16_t)(mg > 16000 ? 16000 : mg < -16000 ? -16000 : mg);
}

/* 16.4 steps a deg/s (product specification 6.1): tenths are 100/164 of a step. */
static int16_t tenth_dps(int16_t raw) {
    return (int16_t)(((int32_t)raw * 100 + (raw < 0 ? -82 : 82)) / 164);
}

static void convert(const uint8_t *d, int16_t *out) {
    for (uint8_t i = 0; i < TINY_MPU6050_CHANNELS; i++) {
        const int16_t raw = (int16_t)(uint16_t)((uint16_t)d[2 * i] << 8 | d[2 * i + 1]);
        out[i] = i < 3 ? milli_g(raw) : tenth_dps(raw);
    }
}

/* How many whole frames wait in the FIFO. */
static tiny_status_t waiting(const tiny_mpu6050_t TINY_ROM *c, uint16_t *frames) {
    uint8_t status = 0;
    uint8_t count[2] = {0, 0};
    if (!get(c, INT_STATUS, &status, 1) || !get(c, FIFO_COUNT, count, sizeof count)) {
        return TINY_E_IO;
    }
    *frames = (uint16_t)((uint16_t)((uint16_t)count[0] << 8 | count[1]) / FRAME_BYTES);
    return (status & OVERFLOWED) != 0 ? TINY_E_FULL : TINY_OK;
}

tiny_status_t tiny_mpu6050_frames(const tiny_mpu6050_t TINY_ROM *c, int16_t *out, uint8_t count) {
    const uint16_t period_ms = (uint16_t)(1000000u / c->rate);
    uint8_t d[READ_FRAMES * FRAME_BYTES];
    uint8_t idle = 0; /* periods without a frame */
    while (count > 0) {
        uint16_t ready = 0;
        const tiny_status_t status = waiting(c, &ready);
        if (status != TINY_OK) {
            return status;
        }
        if (ready == 0) {
            if (++idle > 10) {
                return TINY_E_IO;
            }
            hal_delay_ms((uint16_t)(period_ms + 1));
            continue;
        }
        idle = 0;
        while (ready > 0 && count > 0) {
            const uint8_t most = count < READ_FRAMES ? count : READ_FRAMES;
            const uint8_t now = (uint8_t)(ready < most ? ready : most);
            if (!get(c, FIFO_R_W, d, (size_t)now * FRAME_BYTES)) {
                return TINY_E_IO;
            }
            for (uint8_t i = 0; i < now; i++, out += TINY_MPU6050_CHANNELS) {
                convert(&d[i * FRAME_BYTES], out);
            }
            ready = (uint16_t)(ready - now);
            count = (uint8_t)(count - now);
        }
    }
    return TINY_OK;
}

tiny_status_t tiny_mpu6050_rest(const tiny_mpu6050_t TINY_ROM *c) {
    return set(c, USER_CTRL, 0) && set(c, PWR_MGMT_1, ASLEEP) ? TINY_OK : TINY_E_IO;
}
