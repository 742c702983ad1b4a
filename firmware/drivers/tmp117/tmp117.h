/* TI TMP117 digital temperature sensor, one measurement at a time.
 * Source: Texas Instruments, TMP117, SNOSD82D, sections 7.3.1 and 7.6. */
#ifndef TINY_TMP117_H
#define TINY_TMP117_H

#include "tiny.h"

typedef struct {
    uint8_t address; /* 0x48 to 0x4B */
} tiny_tmp117_t;

/* out[0]: 0.01 degC. TINY_E_IO when the bus fails or no measurement comes. */
tiny_status_t tiny_tmp117_read(const tiny_tmp117_t TINY_ROM *c, int32_t *out);

#endif
