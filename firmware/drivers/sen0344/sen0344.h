/* DFRobot SEN0344: a MAX30102 pulse oximeter whose own processor finds the beats.
 * Source: DFRobot, Gravity MAX30102 PPG Heart Rate and Oximeter Sensor, SKU SEN0344. It is made
 * for human skin: on an animal it needs a shaved or bare place, and sees no pulse through fur. */
#ifndef TINY_SEN0344_H
#define TINY_SEN0344_H

#include "tiny.h"

typedef struct {
    uint8_t address; /* 0x57 */
} tiny_sen0344_t;

/* out[0]: beats a minute of the last four seconds. TINY_E_MISSING when it sees no pulse (and
 * right after power-on), TINY_E_IO when the bus fails. */
tiny_status_t tiny_sen0344_read(const tiny_sen0344_t TINY_ROM *c, int32_t *out);

#endif
