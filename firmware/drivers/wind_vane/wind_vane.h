/* The wind as a speed and as where the air goes. A vane turns a potentiometer without a stop: its
 * voltage rises from north over east to north again. */
#ifndef TINY_WIND_VANE_H
#define TINY_WIND_VANE_H

#include "tiny.h"

typedef struct {
    uint8_t pin;
    uint8_t vane;
    int16_t supply;          /* mV of a whole turn */
    int16_t calibrate_still; /* mV */
    int16_t calibrate_full;  /* mV */
    int16_t full_speed;      /* cm/s */
} tiny_wind_vane_t;

/* out[0]: wind speed, 0.01 m/s; out[1], out[2]: what of it goes eastwards and northwards (a wind
 * from the north goes south). TINY_E_IO when the converter fails or the anemometer is unplugged;
 * out[0] is there without the vane. */
tiny_status_t tiny_wind_vane_read(const tiny_wind_vane_t TINY_ROM *c, int32_t *out);

#endif
