/* A capacitive soil-moisture probe with an analogue output (DFRobot SEN0193 and alike): the wetter
 * the soil, the lower the voltage. */
#ifndef TINY_CAPACITIVE_SOIL_H
#define TINY_CAPACITIVE_SOIL_H

#include "tiny.h"

typedef struct {
    uint8_t pin;
    int16_t calibrate_dry; /* mV in soil at the wilting point: 0 % */
    int16_t calibrate_wet; /* mV in soil at field capacity: 100 % */
} tiny_capacitive_soil_t;

/* out[0]: share of the plant-available water, 0.1 %, from -50.0 to 200.0. TINY_E_IO when the
 * converter fails or the voltage is one that no probe in soil gives. */
tiny_status_t tiny_capacitive_soil_read(const tiny_capacitive_soil_t TINY_ROM *c, int32_t *out);

#endif
