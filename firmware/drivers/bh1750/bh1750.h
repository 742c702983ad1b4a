/* ROHM BH1750FVI ambient light sensor, one measurement at a time.
 * Source: ROHM, BH1750FVI Technical Note 11046EDT01. */
#ifndef TINY_BH1750_H
#define TINY_BH1750_H

#include "tiny.h"

typedef struct {
    uint8_t address; /* 0x23 or 0x5C */
} tiny_bh1750_t;

/* out[0]: illuminance in lux, 0 to 120000. In full sun it measures again with the shortest
 * measurement time, which widens the range from 54,612 lx. TINY_E_IO when the bus fails. */
tiny_status_t tiny_bh1750_read(const tiny_bh1750_t TINY_ROM *c, int32_t *out);

#endif
