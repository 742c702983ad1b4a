/* ESP32 under Arduino (core 2.x): light sleep, EEPROM emulation in NVS, the task's watchdog and
 * stack. Source: Espressif, ESP-IDF 4.4 API reference (sleep modes, task watchdog). */
#if defined(ARDUINO_ARCH_ESP32)

#include <Arduino.h>
#include <EEPROM.h>
#include <esp_sleep.h>
#include <esp_system.h>
#include <esp_task_wdt.h>

#include "arduino_chip.h"

extern "C" {

static bool persist_ready;

void chip_init(void) {
    persist_ready = EEPROM.begin(HAL_PERSIST_BYTES);
    esp_task_wdt_init(16, true);
    esp_task_wdt_add(nullptr);
}

void hal_watchdog(void) {
    esp_task_wdt_reset();
}

void chip_idle(void) {
    interrupts();
    delay(1);
}

uint32_t chip_sleep_ms(uint32_t ms) {
#if defined(TINY_LINK_RADIO) /* light sleep drops the radio's association */
    delay(ms);
#else
    esp_sleep_enable_timer_wakeup((uint64_t)ms * 1000u);
    if (esp_light_sleep_start() != ESP_OK) {
        delay(ms);
    }
#endif
    return 0u; /* millis() goes on counting in light sleep */
}

int chip_adc_mv(uint8_t pin, int32_t *mv) {
    *mv = (int32_t)analogReadMilliVolts(pin); /* with the factory's calibration */
    return TINY_OK;
}

uint16_t hal_battery_mv(void) {
    return 0u; /* the module has no divider on its supply */
}

int hal_persist_read(uint16_t offset, void *d, size_t n) {
    if (n > HAL_PERSIST_BYTES || offset > HAL_PERSIST_BYTES - n) {
        return TINY_E_ARGUMENT;
    }
    if (!persist_ready) {
        return TINY_E_IO;
    }
    return EEPROM.readBytes(offset, d, n) == n ? TINY_OK : TINY_E_IO;
}

int hal_persist_write(uint16_t offset, const void *d, size_t n) {
    if (n > HAL_PERSIST_BYTES || offset > HAL_PERSIST_BYTES - n) {
        return TINY_E_ARGUMENT;
    }
    if (!persist_ready || EEPROM.writeBytes(offset, d, n) != n) {
        return TINY_E_IO;
    }
    return EEPROM.commit() ? TINY_OK : TINY_E_IO; /* commit writes only when a byte differs */
}

uint32_t hal_stack_used(void) {
    return getArduinoLoopTaskStackSize() - uxTaskGetStackHighWaterMark(nullptr);
}

void hal_exit(int code) {
    (void)code;
    esp_restart();
    for (;;) {
    }
}

} // extern "C"

#endif
