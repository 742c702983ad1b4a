/* Sensirion SPS30 fine-dust sensor: a laser, a fan, and mass concentrations.
 * Source: Sensirion, Datasheet SPS30 Particulate Matter Sensor (version 1.0, 2020). */
#ifndef TINY_SPS30_H
#define TINY_SPS30_H

#include "tiny.h"

typedef struct {
    uint8_t address; /* 0x69 */
} tiny_sps30_t;

/* out[0..3]: particles up to 1, 2.5, 4 and 10 um, ug/m3, held at the 1000 that the sensor is made
 * for. Starts the fan, waits the 30 s after which even clean air reads true, and stops it again:
 * laser and fan last years instead of months. TINY_E_IO when the bus fails or a checksum is
 * wrong. */
tiny_status_t tiny_sps30_read(const tiny_sps30_t TINY_ROM *c, int32_t *out);

#endif
