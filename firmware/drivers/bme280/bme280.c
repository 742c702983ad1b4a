#include "bme280.h"
#include "bytes.h"
#include "hal.h"

/* Registers (table 18) */
enum {
    CALIBRATION_1 = 0x88,
    ID = 0xD0,
    CALIBRATION_2 = 0xE1,
    CTRL_HUM = 0xF2,
    STATUS = 0xF3,
    CTRL_MEAS = 0xF4,
    CONFIG = 0xF5,
    DATA = 0xF7
};

#define ID_BME280    0x60
#define ONCE_EACH    0x25 /* temperature and pressure once, forced mode */
#define MEASURING    0x08
#define MOST_MS      10 /* 9.3 ms with one sample of each (section 9.1) */
#define SKIPPED_20   0x80000
#define SKIPPED_16   0x8000
#define CALIBRATED_1 26u
#define CALIBRATED_2 7u

static int16_t s16(const uint8_t *p) {
    const uint16_t v = tiny_get16(p);
    return v <= INT16_MAX ? (int16_t)v : (int16_t)((int32_t)v - 0x10000);
}

/* A 12-bit two's complement number. */
static int16_t s12(uint16_t v) {
    return (int16_t)(v < 0x800u ? (int32_t)v : (int32_t)v - 0x1000);
}

static int read_from(uint8_t address, uint8_t reg, uint8_t *d, size_t n) {
    const int asked = hal_i2c_write(address, &reg, 1);
    return asked < 0 ? asked : hal_i2c_read(address, d, n);
}

static int write_to(uint8_t address, uint8_t reg, uint8_t value) {
    const uint8_t d[] = {reg, value};
    return hal_i2c_write(address, d, sizeof d);
}

static int load_calibration(uint8_t address, tiny_bme280_raw_t *r) {
    uint8_t d[CALIBRATED_1];
    if (read_from(address, CALIBRATION_1, d, CALIBRATED_1) < 0) {
        return TINY_E_IO;
    }
    r->t1 = tiny_get16(d);
    r->t2 = s16(d + 2);
    r->t3 = s16(d + 4);
    r->p1 = tiny_get16(d + 6);
    r->p2 = s16(d + 8);
    r->p3 = s16(d + 10);
    r->p4 = s16(d + 12);
    r->p5 = s16(d + 14);
    r->p6 = s16(d + 16);
    r->p7 = s16(d + 18);
    r->p8 = s16(d + 20);
    r->p9 = s16(d + 22);
    r->h1 = d[25];
    if (read_from(address, CALIBRATION_2, d, CALIBRATED_2) < 0) {
        return TINY_E_IO;
    }
    r->h2 = s16(d);
    r->h3 = d[2];
    r->h4 = s12((uint16_t)((d[3] << 4) | (d[4] & 0x0F)));
    r->h5 = s12((uint16_t)((d[5] << 4) | (d[4] >> 4)));
    r->h6 = (int8_t)(d[6] < 128 ? d[6] : d[6] - 256);
    return TINY_OK;
}

static int measure(uint8_t address, tiny_bme280_raw_t *r) {
    uint8_t d[8];
    uint8_t status = MEASURING;
    /* The humidity setting takes effect with the write to CTRL_MEAS (section 5.4.3). */
    if (write_to(address, CONFIG, 0) < 0 || write_to(address, CTRL_HUM, 1) < 0 ||
        write_to(address, CTRL_MEAS, ONCE_EACH) < 0) {
        return TINY_E_IO;
    }
    for (uint8_t i = 0; i < 5 && (status & MEASURING) != 0; i++) {
        hal_delay_ms(MOST_MS);
        if (read_from(address, STATUS, &status, 1) < 0) {
            return TINY_E_IO;
        }
    }
    if ((status & MEASURING) != 0 || read_from(address, DATA, d, sizeof d) < 0) {
        return TINY_E_IO;
    }
    r->adc_p = ((int32_t)d[0] << 12) | ((int32_t)d[1] << 4) | (d[2] >> 4);
    r->adc_t = ((int32_t)d[3] << 12) | ((int32_t)d[4] << 4) | (d[5] >> 4);
    r->adc_h = ((int32_t)d[6] << 8) | d[7];
    return TINY_OK;
}

/* Bosch's formulas fit 32 bits for a part's own calibration. A part that answers nonsense must
 * not overflow either, so the intermediates have 64; the results are the same. */

/* Section 4.2.3: the temperature in 1/5120 degC, which the other two need as well. */
static int64_t fine_temperature(const tiny_bme280_raw_t *r) {
    const int64_t coarse = (((int64_t)(r->adc_t >> 3) - (int32_t)r->t1 * 2LL) * r->t2) >> 11;
    const int64_t d = (r->adc_t >> 4) - (int32_t)r->t1;
    return coarse + ((((d * d) >> 12) * r->t3) >> 14);
}

/* Section 4.2.3: relative humidity in 1/1024 %. */
static uint32_t humidity_1024(const tiny_bme280_raw_t *r, int32_t fine) {
    const int64_t v = fine - 76800;
    const int64_t a = (r->adc_h * 16384LL - r->h4 * 1048576LL - r->h5 * v + 16384) >> 15;
    const int64_t gain = ((v * r->h6) >> 10) * (((v * r->h3) >> 11) + 32768);
    const int64_t b = ((gain >> 10) + 2097152) * r->h2 + 8192;
    int64_t x = a * (b >> 14);
    x -= ((((x >> 15) * (x >> 15)) >> 7) * r->h1) >> 4;
    x = x < 0 ? 0 : x > 419430400 ? 419430400 : x;
    return (uint32_t)x >> 12;
}

/* Section 8.2: pressure in Pa; 0 when it is out of all bounds. */
static uint32_t pressure_pa(const tiny_bme280_raw_t *r, int32_t fine) {
    const int64_t v = (fine >> 1) - 64000;
    const int64_t square = (v >> 2) * (v >> 2);
    int64_t offset = (square >> 11) * r->p6 + v * r->p5 * 2;
    offset = (offset >> 2) + r->p4 * 65536LL;
    int64_t slope = (((r->p3 * (square >> 13)) >> 3) + ((r->p2 * v) >> 1)) >> 18;
    slope = ((32768 + slope) * r->p1) >> 15;
    const int64_t scaled = (1048576 - r->adc_p - (offset >> 12)) * 3125;
    if (slope <= 0 || scaled < 0 || scaled > UINT32_MAX) {
        return 0;
    }
    const uint32_t p = (uint32_t)scaled;
    const uint32_t divisor = (uint32_t)slope;
    const uint32_t q = p < 0x80000000u ? (p << 1) / divisor : (p / divisor) * 2u;
    if (q > 200000u) {
        return 0;
    }
    const int64_t eighth = q >> 3;
    const int64_t w1 = (r->p9 * ((eighth * eighth) >> 13)) >> 12;
    const int64_t w2 = ((int64_t)(q >> 2) * r->p8) >> 13;
    const int64_t pa = (int64_t)q + ((w1 + w2 + r->p7) >> 4);
    return pa < 0 ? 0 : (uint32_t)pa;
}

void tiny_bme280_compensate(const tiny_bme280_raw_t *r, int32_t *out) {
    const int64_t wide = fine_temperature(r);
    const int64_t celsius = (wide * 5 + 128) >> 8;
    out[0] = TINY_MISSING;
    out[1] = TINY_MISSING;
    out[2] = TINY_MISSING;
    if (r->adc_t == SKIPPED_20 || celsius < -4000 || celsius > 8500) {
        return; /* the others lean on it */
    }
    const int32_t fine = (int32_t)wide;
    out[0] = (int32_t)celsius;
    if (r->adc_h != SKIPPED_16) {
        out[1] = (int32_t)((humidity_1024(r, fine) * 10u + 512u) >> 10);
    }
    const uint32_t pa = r->adc_p == SKIPPED_20 ? 0 : pressure_pa(r, fine);
    if (pa >= 30000u && pa <= 110000u) {
        out[2] = (int32_t)((pa + 5u) / 10u);
    }
}

tiny_status_t tiny_bme280_read(const tiny_bme280_t TINY_ROM *c, int32_t *out) {
    tiny_bme280_raw_t r;
    uint8_t id = 0;
    const uint8_t address = c->address;
    out[0] = TINY_MISSING;
    out[1] = TINY_MISSING;
    out[2] = TINY_MISSING;
    if (read_from(address, ID, &id, 1) < 0 || id != ID_BME280 ||
        load_calibration(address, &r) < 0 || measure(address, &r) < 0) {
        return TINY_E_IO;
    }
    tiny_bme280_compensate(&r, out);
    return out[0] == TINY_MISSING ? TINY_E_IO : TINY_OK;
}
