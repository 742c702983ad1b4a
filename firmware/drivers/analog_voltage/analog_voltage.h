/* A voltage at an analogue pin: what it stands for is left to the model. */
#ifndef TINY_ANALOG_VOLTAGE_H
#define TINY_ANALOG_VOLTAGE_H

#include "tiny.h"

typedef struct {
    uint8_t pin;
} tiny_analog_voltage_t;

/* out[0]: the middle one of three readings, mV, 0 to 6000. TINY_E_IO when the converter fails or
 * reads what no board can stand. */
tiny_status_t tiny_analog_voltage_read(const tiny_analog_voltage_t TINY_ROM *c, int32_t *out);

#endif
