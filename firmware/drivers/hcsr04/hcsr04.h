/* HC-SR04 ultrasonic distance, read as the level of a tank that it looks down into.
 * Source: Elecfreaks, HC-SR04 User Guide: 2 to 400 cm, echo 58 us a centimetre, 60 ms between
 * measurements. */
#ifndef TINY_HCSR04_H
#define TINY_HCSR04_H

#include "tiny.h"

typedef struct {
    uint8_t trigger;
    uint8_t echo;
    int16_t calibrate_empty; /* mm to the water when the tank is empty: 0 % */
    int16_t calibrate_full;  /* mm when it is full: 100 % */
} tiny_hcsr04_t;

/* out[0]: filling level, 0.1 %, from -10.0 to 110.0; the median of three echoes. TINY_E_IO
 * without three echoes in five tries, or with a distance that is neither tank nor water. */
tiny_status_t tiny_hcsr04_read(const tiny_hcsr04_t TINY_ROM *c, int32_t *out);

#endif
