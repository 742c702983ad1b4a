/* Sensirion SHT30, SHT31, SHT35 air temperature and humidity.
 * Source: Sensirion, Datasheet SHT3x-DIS (version 7, 2022). */
#ifndef TINY_SHT31_H
#define TINY_SHT31_H

#include "tiny.h"

typedef struct {
    uint8_t address; /* 0x44 or 0x45 */
} tiny_sht31_t;

/* out[0]: temperature, 0.01 degC, -40.00 to 125.00; out[1]: relative humidity, 0.1 %. TINY_E_IO
 * when the bus fails or a checksum is wrong. */
tiny_status_t tiny_sht31_read(const tiny_sht31_t TINY_ROM *c, int32_t *out);

#endif
