#include "servo_feeder.h"
#include "hal.h"

#define PULSES    30 /* 0.6 s: slow servos take 0.25 s for 60 degrees */
#define PERIOD_MS 20

tiny_status_t tiny_servo_feeder_write(const tiny_servo_feeder_t TINY_ROM *c, bool on) {
    const uint16_t us = on ? c->open : c->closed;
    tiny_status_t status = hal_gpio_mode(c->pin, HAL_OUTPUT) < 0 ? TINY_E_IO : TINY_OK;
    for (uint8_t i = 0; i < PULSES && status == TINY_OK; i++) {
        if (hal_pulse_out(c->pin, us) < 0) {
            status = TINY_E_IO;
        }
        hal_delay_ms(PERIOD_MS - 2); /* a pulse is up to 2.5 ms; servos do not mind 50 or 48 Hz */
    }
    return status;
}
