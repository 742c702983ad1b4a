/* Every board with an Arduino core, through the Arduino API alone; arduino_avr.c and
 * arduino_esp32.cpp add what that API lacks. simavr_uno runs this very file. */
#include <Arduino.h>

#include "arduino_chip.h"

#if !defined(__AVR__)
#include <Wire.h>
#endif

#ifndef TINY_BAUD
#define TINY_BAUD 115200
#endif

namespace {

/* Seconds since boot, put together from millis() and from sleeps that stop millis(). */
uint32_t clock_s;

#if !TINY_VIRTUAL
uint32_t clock_last_ms;
uint16_t clock_ms;

void clock_add(uint32_t ms) {
    clock_s += ms / 1000u;
    clock_ms = (uint16_t)(clock_ms + ms % 1000u);
    if (clock_ms >= 1000u) {
        clock_ms = (uint16_t)(clock_ms - 1000u);
        clock_s++;
    }
}

void clock_update() {
    const uint32_t now = millis();
    clock_add(now - clock_last_ms);
    clock_last_ms = now;
}
#endif

} // namespace

extern "C" {

void hal_init(void) {
    chip_init();
    Serial.begin(TINY_BAUD);
}

#if TINY_VIRTUAL

uint32_t hal_now(void) {
    return clock_s;
}

void hal_sleep_until(uint32_t t) {
    if (t > clock_s) {
        clock_s = t;
    }
}

void hal_delay_ms(uint16_t ms) {
    (void)ms; /* nothing to wait for: no part is there */
}

#else

uint32_t hal_now(void) {
    clock_update();
    return clock_s;
}

void hal_sleep_until(uint32_t t) {
    Serial.flush(); /* the UART stops in deep sleep */
    for (;;) {
        clock_update();
        if (clock_s >= t) {
            return;
        }
        const uint32_t left_s = t - clock_s;
        const uint32_t left_ms = (left_s > 8u ? 8u : left_s) * 1000u - clock_ms;
        clock_add(chip_sleep_ms(left_ms));
        hal_watchdog();
    }
}

void hal_delay_ms(uint16_t ms) {
    delay(ms);
}

#endif

int hal_stream_write(const uint8_t *data, size_t n) {
    return Serial.write(data, n) == n ? TINY_OK : TINY_E_IO;
}

int hal_stream_read(uint8_t *data, size_t cap, uint32_t timeout_ms) {
    const uint32_t start = millis();
    size_t n = 0;
    (void)timeout_ms;
    for (;;) {
        while (n < cap && Serial.available() > 0) {
            data[n++] = (uint8_t)Serial.read();
        }
        if (n > 0) {
            return (int)n;
        }
#if !TINY_VIRTUAL /* a virtual board waits for its host for ever */
        if (millis() - start >= timeout_ms) {
            return 0;
        }
#else
        (void)start;
#endif
        noInterrupts(); /* a byte between the check and the sleep would be slept over */
        if (Serial.available() > 0) {
            interrupts();
        } else {
            chip_idle();
        }
        hal_watchdog();
    }
}

int hal_adc_mv(uint8_t pin, int32_t *mv) {
    return chip_adc_mv(pin, mv);
}

int hal_gpio_mode(uint8_t pin, uint8_t mode) {
    if (mode > HAL_INPUT_PULLUP) {
        return TINY_E_ARGUMENT;
    }
    pinMode(pin, mode == HAL_OUTPUT ? OUTPUT : mode == HAL_INPUT_PULLUP ? INPUT_PULLUP : INPUT);
    return TINY_OK;
}

int hal_gpio_write(uint8_t pin, bool high) {
    digitalWrite(pin, high ? HIGH : LOW);
    return TINY_OK;
}

int hal_gpio_read(uint8_t pin, bool *high) {
    *high = digitalRead(pin) == HIGH;
    return TINY_OK;
}

int hal_pulse_out(uint8_t pin, uint16_t us) {
    noInterrupts(); /* a tick of the core's clock in the middle would stretch it */
    digitalWrite(pin, HIGH);
    delayMicroseconds(us);
    digitalWrite(pin, LOW);
    interrupts();
    return TINY_OK;
}

int hal_pulse_us(uint8_t trigger, uint8_t echo, uint32_t timeout_us, uint32_t *us) {
    pinMode(trigger, OUTPUT);
    pinMode(echo, INPUT);
    digitalWrite(trigger, LOW);
    delayMicroseconds(2);
    digitalWrite(trigger, HIGH);
    delayMicroseconds(10);
    digitalWrite(trigger, LOW);
    *us = (uint32_t)pulseIn(echo, HIGH, timeout_us);
    return *us > 0u ? TINY_OK : TINY_E_MISSING;
}

#if !defined(__AVR__) /* AVR polls its TWI: the Wire library would cost 200 bytes of RAM */

namespace {

void wire_begin() {
    static bool begun;
    if (!begun) {
        Wire.begin();
        begun = true;
    }
}

} // namespace

int hal_i2c_write(uint8_t addr, const uint8_t *d, size_t n) {
    wire_begin();
    Wire.beginTransmission(addr);
    if (Wire.write(d, n) != n) {
        return TINY_E_IO;
    }
    return Wire.endTransmission() == 0 ? TINY_OK : TINY_E_IO;
}

int hal_i2c_read(uint8_t addr, uint8_t *d, size_t n) {
    wire_begin();
    if (n > 255u || Wire.requestFrom((int)addr, (int)n) != n) {
        return TINY_E_IO;
    }
    for (size_t i = 0; i < n; i++) {
        d[i] = (uint8_t)Wire.read();
    }
    return TINY_OK;
}

#endif

} // extern "C"

void setup() {
    hal_init();
    tiny_node_setup();
}

void loop() {
    tiny_node_step();
}
