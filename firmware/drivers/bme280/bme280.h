/* Bosch BME280: air temperature, humidity and pressure, one forced measurement at a time.
 * Source: Bosch Sensortec, BME280 Data sheet BST-BME280-DS002-15 (the sections in the comments). */
#ifndef TINY_BME280_H
#define TINY_BME280_H

#include "tiny.h"

typedef struct {
    uint8_t address; /* 0x76 or 0x77 */
} tiny_bme280_t;

/* The part's own calibration (table 16) and one raw measurement. */
typedef struct {
    uint16_t t1;
    int16_t t2, t3;
    uint16_t p1;
    int16_t p2, p3, p4, p5, p6, p7, p8, p9;
    uint8_t h1;
    int16_t h2;
    uint8_t h3;
    int16_t h4, h5;
    int8_t h6;
    int32_t adc_t, adc_p, adc_h;
} tiny_bme280_raw_t;

/* out[0]: temperature, 0.01 degC; out[1]: relative humidity, 0.1 %; out[2]: pressure, 0.1 hPa. A
 * quantity that the part skipped, or that lies outside its range, is TINY_MISSING. TINY_E_IO when
 * the bus fails or the part is no BME280. */
tiny_status_t tiny_bme280_read(const tiny_bme280_t TINY_ROM *c, int32_t *out);

/* Bosch's 32-bit compensation (sections 4.2.3 and 8.2), the way from raw to the above. */
void tiny_bme280_compensate(const tiny_bme280_raw_t *r, int32_t *out);

#endif
