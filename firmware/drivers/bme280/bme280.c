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
 * not overflow either: here its numbers wrap, and the range checks below catch the outcome. */
static int32_t mul(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a * (uint32_t)b);
}

static int32_t add(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static int32_t sub(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

/* Section 4.2.3: the temperature in 1/5120 degC, which the other two need as well. */
static int32_t fine_temperature(const tiny_bme280_raw_t *r) {
    const int32_t coarse = mul(sub(r->adc_t >> 3, (int32_t)r->t1 * 2), r->t2) >> 11;
    const int32_t d = (r->adc_t >> 4) - (int32_t)r->t1;
    return add(coarse, mul(mul(d, d) >> 12, r->t3) >> 14);
}

/* Section 4.2.3: relative humidity in 1/1024 %. */
static uint32_t humidity_1024(const tiny_bme280_raw_t *r, int32_t fine) {
    const int32_t v = fine - 76800;
    const int32_t humid = sub(sub(mul(r->adc_h, 16384), mul(r->h4, 1048576)), mul(r->h5, v));
    const int32_t gain = mul(mul(v, r->h6) >> 10, add(mul(v, r->h3) >> 11, 32768)) >> 10;
    const int32_t slope = add(mul(add(gain, 2097152), r->h2), 8192) >> 14;
    int32_t x = mul(add(humid, 16384) >> 15, slope);
    x = sub(x, mul(mul(x >> 15, x >> 15) >> 7, r->h1) >> 4);
    x = x < 0 ? 0 : x > 419430400 ? 419430400 : x;
    return (uint32_t)x >> 12;
}

/* Section 8.2: pressure in Pa; 0 when it is out of all bounds. */
static uint32_t pressure_pa(const tiny_bme280_raw_t *r, int32_t fine) {
    const int32_t v = (fine >> 1) - 64000;
    const int32_t square = mul(v >> 2, v >> 2);
    int32_t offset = add(mul(square >> 11, r->p6), mul(mul(v, r->p5), 2));
    offset = add(offset >> 2, mul(r->p4, 65536));
    int32_t slope = add(mul(r->p3, square >> 13) >> 3, mul(r->p2, v) >> 1) >> 18;
    slope = mul(32768 + slope, r->p1) >> 15;
    const uint32_t p = (uint32_t)(1048576 - r->adc_p - (offset >> 12)) * 3125u;
    if (slope <= 0) {
        return 0;
    }
    const uint32_t divisor = (uint32_t)slope;
    const int32_t q = (int32_t)(p < 0x80000000u ? (p << 1) / divisor : (p / divisor) * 2u);
    const int32_t w1 = mul(r->p9, mul(q >> 3, q >> 3) >> 13) >> 12;
    const int32_t w2 = mul(q >> 2, r->p8) >> 13;
    return (uint32_t)add(q, add(add(w1, w2), r->p7) >> 4);
}

void tiny_bme280_compensate(const tiny_bme280_raw_t *r, int32_t *out) {
    const int32_t fine = fine_temperature(r);
    const int32_t celsius = add(mul(fine, 5), 128) >> 8;
    out[0] = TINY_MISSING;
    out[1] = TINY_MISSING;
    out[2] = TINY_MISSING;
    if (r->adc_t == SKIPPED_20 || celsius < -4000 || celsius > 8500) {
        return; /* the others lean on it */
    }
    out[0] = celsius;
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
