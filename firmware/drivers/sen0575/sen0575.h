/* DFRobot SEN0575: a tipping bucket whose own processor counts, also while the node sleeps. */
#ifndef TINY_SEN0575_H
#define TINY_SEN0575_H

#include "tiny.h"

typedef struct {
    uint8_t address;
} tiny_sen0575_t;

/* out[0]: rain of the last hour, 0.1 mm. TINY_E_IO when it does not answer or says more than any
 * sky gives (200 mm). */
tiny_status_t tiny_sen0575_read(const tiny_sen0575_t TINY_ROM *c, int32_t *out);

#endif
