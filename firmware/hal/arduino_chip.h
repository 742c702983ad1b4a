/* What differs between the chips under Arduino (arduino_avr.c, arduino_esp32.cpp); everything
 * that the Arduino API itself covers is in arduino.cpp. */
#ifndef TINY_HAL_ARDUINO_CHIP_H
#define TINY_HAL_ARDUINO_CHIP_H

#include "hal.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Watchdog, stack canary, memory that lasts: before anything else. */
void chip_init(void);
/* Waits for any interrupt; called with interrupts off and returns with them on. */
void chip_idle(void);
/* Sleeps as deep as the chip can for about ms; the ms that millis() did not count. */
uint32_t chip_sleep_ms(uint32_t ms);
/* Full scale of a reading of this many mV. */
int chip_adc_mv(uint8_t pin, int32_t *mv);

#ifdef __cplusplus
}
#endif

#endif
