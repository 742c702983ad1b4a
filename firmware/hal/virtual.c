/* What the virtual boards without a simulated chip share: time that only the host moves, memory
 * that lasts in a file, and no pins at all. simavr_uno has a chip, so it runs arduino.cpp. */
#include "virtual.h"

#include <string.h>

static uint32_t virtual_now;
static uint8_t virtual_image[HAL_PERSIST_BYTES];

uint32_t hal_now(void) {
    return virtual_now;
}

void hal_sleep_until(uint32_t t) {
    if (t > virtual_now) {
        virtual_now = t;
    }
}

void hal_delay_ms(uint16_t ms) {
    (void)ms; /* nothing to wait for: no part is there */
}

int hal_adc_mv(uint8_t pin, int32_t *mv) {
    (void)pin;
    *mv = 0;
    return TINY_E_IO;
}

int hal_gpio_mode(uint8_t pin, uint8_t mode) {
    (void)pin;
    (void)mode;
    return TINY_OK;
}

int hal_gpio_write(uint8_t pin, bool high) {
    (void)pin;
    (void)high;
    return TINY_OK;
}

int hal_gpio_read(uint8_t pin, bool *high) {
    (void)pin;
    *high = false;
    return TINY_E_IO;
}

int hal_pulse_out(uint8_t pin, uint16_t us) {
    (void)pin;
    (void)us;
    return TINY_OK;
}

int hal_pulse_us(uint8_t trigger, uint8_t echo, uint32_t timeout_us, uint32_t *us) {
    (void)trigger;
    (void)echo;
    (void)timeout_us;
    *us = 0u;
    return TINY_E_IO;
}

int hal_i2c_write(uint8_t addr, const uint8_t *d, size_t n) {
    (void)addr;
    (void)d;
    (void)n;
    return TINY_E_IO;
}

int hal_i2c_read(uint8_t addr, uint8_t *d, size_t n) {
    (void)addr;
    (void)d;
    (void)n;
    return TINY_E_IO;
}

int hal_persist_read(uint16_t offset, void *d, size_t n) {
    if (n > HAL_PERSIST_BYTES || offset > HAL_PERSIST_BYTES - n) {
        return TINY_E_ARGUMENT;
    }
    memcpy(d, virtual_image + offset, n);
    return TINY_OK;
}

int hal_persist_write(uint16_t offset, const void *d, size_t n) {
    if (n > HAL_PERSIST_BYTES || offset > HAL_PERSIST_BYTES - n) {
        return TINY_E_ARGUMENT;
    }
    if (memcmp(virtual_image + offset, d, n) == 0) {
        return TINY_OK;
    }
    memcpy(virtual_image + offset, d, n);
    /* The whole image, so that the file never has a hole that would read as zeros. */
    return virtual_store(virtual_image, sizeof virtual_image);
}

uint16_t hal_battery_mv(void) {
    return 0u;
}

void hal_watchdog(void) {}

int main(void) {
    memset(virtual_image, 0xFF, sizeof virtual_image);
    (void)virtual_load(virtual_image, sizeof virtual_image);
    hal_init();
    tiny_node_setup();
    for (;;) {
        tiny_node_step();
    }
}
