/* Every driver against a board that a script plays: queues of readings, a register file. */
#include "drivers/analog_voltage/analog_voltage.h"
#include "drivers/bh1750/bh1750.h"
#include "drivers/bme280/bme280.h"
#include "drivers/capacitive_soil/capacitive_soil.h"
#include "drivers/electrochemical_gas/electrochemical_gas.h"
#include "drivers/gps_geofence/gps_geofence.h"
#include "drivers/hcsr04/hcsr04.h"
#include "drivers/mq_gas/mq_gas.h"
#include "drivers/relay/relay.h"
#include "drivers/sen0344/sen0344.h"
#include "drivers/sen0575/sen0575.h"
#include "drivers/servo_feeder/servo_feeder.h"
#include "drivers/sht31/sht31.h"
#include "drivers/sps30/sps30.h"
#include "drivers/tmp117/tmp117.h"
#include "drivers/wind_vane/wind_vane.h"
#include "hal.h"
#include "harness.h"

#define MOST 64

static int32_t queue[MOST]; /* ADC readings or echoes; below zero: a failure */
static size_t queued;
static size_t taken;

static uint8_t registers[256];
static bool register_file; /* else `answers`, a read after the other */
static uint8_t pointer;
static uint8_t answers[MOST];
static size_t answer_at;
static bool stream; /* a read goes on in what is said, then silence */
static uint8_t *said;
static size_t said_length;
static size_t said_at;
static uint8_t present; /* the address that answers */

static int take(int32_t *value) {
    if (taken >= queued || queue[taken] < 0) {
        taken++;
        return TINY_E_IO;
    }
    *value = queue[taken++];
    return TINY_OK;
}

int hal_adc_mv(uint8_t pin, int32_t *mv) {
    printf("adc:%u ", pin);
    return take(mv);
}

int hal_pulse_us(uint8_t trigger, uint8_t echo, uint32_t timeout_us, uint32_t *us) {
    int32_t value = 0;
    printf("pulse:%u:%u:%u ", trigger, echo, timeout_us);
    if (take(&value) != TINY_OK) {
        return TINY_E_MISSING;
    }
    *us = (uint32_t)value;
    return TINY_OK;
}

int hal_pulse_out(uint8_t pin, uint16_t us) {
    printf("out:%u:%u ", pin, us);
    return TINY_OK;
}

int hal_gpio_mode(uint8_t pin, uint8_t mode) {
    printf("mode:%u:%u ", pin, mode);
    return TINY_OK;
}

int hal_gpio_write(uint8_t pin, bool high) {
    printf("write:%u:%d ", pin, high);
    return TINY_OK;
}

void hal_delay_ms(uint16_t ms) {
    printf("wait:%u ", ms);
}

void hal_watchdog(void) {
    printf("fed ");
}

int hal_i2c_write(uint8_t addr, const uint8_t *d, size_t n) {
    printf("to:%02x:", addr);
    put_hex(d, n);
    printf(" ");
    if (addr != present || n == 0) {
        return TINY_E_IO;
    }
    pointer = d[0];
    if (register_file && n == 2) {
        registers[d[0]] = d[1];
    }
    return TINY_OK;
}

int hal_i2c_read(uint8_t addr, uint8_t *d, size_t n) {
    if (addr != present || n > 32) { /* the Arduino core's buffer */
        return TINY_E_IO;
    }
    for (size_t i = 0; i < n && stream; i++) {
        d[i] = said_at < said_length ? said[said_at++] : 0xFF;
    }
    for (size_t i = 0; i < n && !stream; i++) {
        d[i] = register_file ? registers[(uint8_t)(pointer + i)] : answers[answer_at++ % MOST];
    }
    return TINY_OK;
}

static void show(int status, const int32_t *out, uint8_t n) {
    printf("| %d", status);
    for (uint8_t i = 0; i < n; i++) {
        printf(" %" PRId32, out[i]);
    }
    printf("\n");
}

int main(void) {
    while (next_line()) {
        const char *what = word();
        int32_t out[4] = {1, 2, 3, 4};
        taken = 0;
        answer_at = 0;
        if (is(what, "queue")) {
            queued = 0;
            for (const char *at = word(); *at != '\0'; at = word()) {
                queue[queued++ % MOST] = (int32_t)strtol(at, NULL, 10);
            }
            printf("ok\n");
        } else if (is(what, "answers") || is(what, "registers")) { /* ADDRESS HEX */
            present = u8();
            stream = false;
            register_file = is(what, "registers");
            size_t n = 0;
            uint8_t *data = hex(&n);
            memcpy(register_file ? registers : answers, data,
                   n < (register_file ? 256 : MOST) ? n : (register_file ? 256 : MOST));
            free(data);
            printf("ok\n");
        } else if (is(what, "soil")) {
            const tiny_capacitive_soil_t c = {u8(), (int16_t)number(), (int16_t)number()};
            show(tiny_capacitive_soil_read(&c, out), out, 1);
        } else if (is(what, "voltage")) {
            const tiny_analog_voltage_t c = {u8()};
            show(tiny_analog_voltage_read(&c, out), out, 1);
        } else if (is(what, "gas")) { /* PIN GAS ZERO SPAN TEST WARMER, then TENTHS of its warmth */
            const tiny_electrochemical_gas_t c = {u8(),
                                                  u8(),
                                                  (int16_t)number(),
                                                  (int16_t)number(),
                                                  (int32_t)number(),
                                                  (int8_t)number()};
            const int32_t with[] = {(int32_t)number()};
            const tiny_status_t status = tiny_electrochemical_gas_read(&c, out);
            tiny_electrochemical_gas_compensate(&c, out, with);
            show(status, out, 1);
        } else if (is(what, "mq")) { /* PIN SUPPLY AIR, CURVE, then TENTHS of temp. and humidity */
            const tiny_mq_gas_t c = {u8(),
                                     (int16_t)number(),
                                     (int16_t)number(),
                                     (int16_t)number(),
                                     (int16_t)number(),
                                     (int16_t)number(),
                                     (int16_t)number()};
            const int32_t temperature = (int32_t)number();
            const int32_t with[] = {temperature, (int32_t)number()};
            const tiny_status_t status = tiny_mq_gas_read(&c, out);
            tiny_mq_gas_compensate(&c, out, with);
            show(status, out, 1);
        } else if (is(what, "wind")) { /* PIN VANE SUPPLY STILL FULL SPEED */
            const tiny_wind_vane_t c = {u8(),
                                        u8(),
                                        (int16_t)number(),
                                        (int16_t)number(),
                                        (int16_t)number(),
                                        (int16_t)number()};
            show(tiny_wind_vane_read(&c, out), out, 3);
        } else if (is(what, "sen0575")) {
            const tiny_sen0575_t c = {u8()};
            show(tiny_sen0575_read(&c, out), out, 1);
        } else if (is(what, "hcsr04")) {
            const tiny_hcsr04_t c = {u8(), u8(), (int16_t)number(), (int16_t)number()};
            show(tiny_hcsr04_read(&c, out), out, 1);
        } else if (is(what, "bh1750")) {
            const tiny_bh1750_t c = {u8()};
            show(tiny_bh1750_read(&c, out), out, 1);
        } else if (is(what, "sht31")) {
            const tiny_sht31_t c = {u8()};
            show(tiny_sht31_read(&c, out), out, 2);
        } else if (is(what, "sps30")) {
            const tiny_sps30_t c = {u8()};
            show(tiny_sps30_read(&c, out), out, 4);
        } else if (is(what, "bme280")) {
            const tiny_bme280_t c = {u8()};
            show(tiny_bme280_read(&c, out), out, 3);
        } else if (is(what, "sen0344")) {
            const tiny_sen0344_t c = {u8()};
            show(tiny_sen0344_read(&c, out), out, 1);
        } else if (is(what, "tmp117")) {
            const tiny_tmp117_t c = {u8()};
            show(tiny_tmp117_read(&c, out), out, 1);
        } else if (is(what, "feeder")) { /* PIN OPEN CLOSED ON */
            const tiny_servo_feeder_t c = {u8(), (uint16_t)number(), (uint16_t)number()};
            show(tiny_servo_feeder_write(&c, number() != 0), out, 0);
        } else if (is(what, "stream")) { /* ADDRESS HEX: what a receiver says, then silence */
            present = u8();
            stream = true;
            free(said);
            said = hex(&said_length);
            said_at = 0;
            printf("ok\n");
        } else if (is(what, "fence")) { /* ADDRESS LATITUDE LONGITUDE RADIUS */
            const uint8_t address = u8();
            const int32_t latitude = (int32_t)number();
            const int32_t longitude = (int32_t)number();
            const tiny_gps_geofence_t c = {address, latitude, longitude, (uint16_t)number()};
            show(tiny_gps_geofence_read(&c, out), out, 1);
        } else if (is(what, "nmea")) { /* HEX: every sentence's end, and the last position */
            tiny_nmea_t nmea = {0, false, {0}};
            tiny_position_t at = {0, 0};
            size_t n = 0;
            uint8_t *data = hex(&n);
            for (size_t i = 0; i < n; i++) {
                const int status = tiny_nmea_push(&nmea, (char)data[i], &at);
                if (status != TINY_E_BLOCKED) {
                    printf("%d ", status);
                }
            }
            free(data);
            out[0] = at.latitude;
            out[1] = at.longitude;
            show(0, out, 2);
        } else if (is(what, "metres")) {
            const int32_t latitude = (int32_t)number();
            const tiny_position_t a = {latitude, (int32_t)number()};
            const int32_t other = (int32_t)number();
            const tiny_position_t b = {other, (int32_t)number()};
            out[0] = tiny_position_metres(a, b);
            show(0, out, 1);
        } else if (is(what, "compensate")) { /* t1 t2 t3 p1..p9 h1..h6 adc_t adc_p adc_h */
            tiny_bme280_raw_t r;
            r.t1 = (uint16_t)number();
            int16_t *const first[] = {&r.t2, &r.t3};
            for (uint8_t i = 0; i < 2; i++) {
                *first[i] = (int16_t)number();
            }
            r.p1 = (uint16_t)number();
            int16_t *const second[] = {&r.p2, &r.p3, &r.p4, &r.p5, &r.p6, &r.p7, &r.p8, &r.p9};
            for (uint8_t i = 0; i < 8; i++) {
                *second[i] = (int16_t)number();
            }
            r.h1 = u8();
            r.h2 = (int16_t)number();
            r.h3 = u8();
            r.h4 = (int16_t)number();
            r.h5 = (int16_t)number();
            r.h6 = (int8_t)number();
            r.adc_t = (int32_t)number();
            r.adc_p = (int32_t)number();
            r.adc_h = (int32_t)number();
            tiny_bme280_compensate(&r, out);
            show(0, out, 3);
        } else {
            const uint8_t pin = u8();
            const tiny_relay_t c = {pin, number() != 0};
            show(tiny_relay_write(&c, number() != 0), out, 0);
        }
    }
    free(said);
    return 0;
}
