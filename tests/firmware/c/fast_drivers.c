/* Drivers of fast sensors against a part that a script plays: registers, and a FIFO that fills
 * while the driver waits. Frames are numbered, so that a lost one shows. */
#include "drivers/adxl345/adxl345.h"
#include "drivers/mpu6050/mpu6050.h"
#include "hal.h"
#include "harness.h"

#define MOST 4096

static bool big; /* the MPU-6050's bytes and registers, else the ADXL345's */
static uint8_t registers[256];
static uint8_t pointer;
static uint8_t fifo[MOST];
static size_t filled, taken;
static uint8_t given[MOST]; /* frames to come */
static size_t coming, came;
static uint32_t us_a_frame, us;
static size_t deepest; /* bytes that the part's FIFO holds */
static bool overflowed, gone;
static uint32_t waits;

static size_t frame_bytes(void) {
    return big ? 12 : 6;
}

static bool on(void) {
    return big ? (registers[0x6A] & 0x40) != 0 && (registers[0x6B] & 0x40) == 0
               : (registers[0x2D] & 0x08) != 0 && (registers[0x38] & 0xC0) == 0x80;
}

/* Time passes: frames come in, and the oldest are lost where there is no room. */
static void pass(uint32_t by) {
    us += by;
    while (us_a_frame != 0 && us >= us_a_frame && on() && came + frame_bytes() <= coming) {
        us -= us_a_frame;
        memcpy(fifo + filled, given + came, frame_bytes());
        filled += frame_bytes();
        came += frame_bytes();
        if (filled - taken > deepest) {
            overflowed = true;
            taken += frame_bytes();
        }
    }
}

void hal_delay_ms(uint16_t ms) {
    waits++;
    pass(1000u * ms);
}

void hal_watchdog(void) {}

int hal_i2c_write(uint8_t addr, const uint8_t *d, size_t n) {
    pass(90 * (uint32_t)(n + 1)); /* 100 kHz */
    if (gone || addr != (big ? 0x68 : 0x53)) {
        return TINY_E_IO;
    }
    pointer = d[0];
    for (size_t i = 1; i < n; i++) {
        registers[(uint8_t)(d[0] + i - 1)] = d[i];
    }
    const bool reset = big ? n == 2 && d[0] == 0x6A && (d[1] & 0x44) == 0x04
                           : n == 2 && d[0] == 0x38 && (d[1] & 0xC0) == 0;
    if (reset) {
        filled = taken = 0;
        overflowed = false;
    }
    return TINY_OK;
}

int hal_i2c_read(uint8_t addr, uint8_t *d, size_t n) {
    pass(90 * (uint32_t)(n + 1));
    if (gone || n > 32 || addr != (big ? 0x68 : 0x53)) {
        return TINY_E_IO;
    }
    const size_t left = filled - taken;
    const bool from_fifo = pointer == (big ? 0x74 : 0x32);
    registers[0x72] = (uint8_t)(left >> 8);
    registers[0x73] = (uint8_t)left;
    if (big) {
        registers[0x3A] = overflowed ? 0x10 : 0;
    } else {
        registers[0x30] = overflowed ? 0x01 : 0;
        registers[0x39] = (uint8_t)(left / 6);
    }
    for (size_t i = 0; i < n; i++) {
        d[i] = !from_fifo ? registers[(uint8_t)(pointer + i)] : taken < filled ? fifo[taken++] : 0;
    }
    return TINY_OK;
}

int main(void) {
    while (next_line()) {
        const char *what = word();
        if (is(what, "part")) { /* mpu6050 WHO | adxl345 ID; US_A_FRAME FRAMES */
            big = is(word(), "mpu6050");
            memset(registers, 0, sizeof registers);
            registers[big ? 0x75 : 0x00] = u8();
            us_a_frame = u32();
            size_t n = 0;
            uint8_t *data = hex(&n);
            memcpy(given, data, n < MOST ? n : MOST);
            free(data);
            coming = n;
            came = filled = taken = us = waits = 0;
            deepest = big ? 1024 / 12 * 12 : 32 * 6;
            overflowed = gone = false;
            registers[0x6B] = big ? 0x40 : 0; /* asleep after power-on */
            printf("ok\n");
        } else if (is(what, "pass")) {
            pass(u32());
            printf("ok\n");
        } else if (is(what, "lose")) {
            gone = true;
            printf("ok\n");
        } else if (is(what, "show")) {
            printf("%u\n", registers[u8()]);
        } else {
            const uint32_t rate = u32();
            const tiny_mpu6050_t m = {0x68, rate};
            const tiny_adxl345_t a = {0x53, rate};
            if (is(what, "begin")) {
                printf("%d\n", big ? tiny_mpu6050_begin(&m) : tiny_adxl345_begin(&a));
            } else if (is(what, "rest")) {
                printf("%d\n", big ? tiny_mpu6050_rest(&m) : tiny_adxl345_rest(&a));
            } else { /* frames COUNT */
                const uint8_t count = u8();
                const size_t values = (size_t)count * (big ? 6 : 3);
                int16_t *out = calloc(values, sizeof *out);
                const tiny_status_t status =
                    big ? tiny_mpu6050_frames(&m, out, count) : tiny_adxl345_frames(&a, out, count);
                printf("%d %" PRIu32, status, waits);
                for (size_t i = 0; i < values; i++) {
                    printf(" %d", out[i]);
                }
                printf("\n");
                free(out);
            }
        }
    }
    return 0;
}
