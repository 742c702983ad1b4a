/* Analog Devices ADXL345: acceleration in three axes, 13 bits, a FIFO of 32 frames.
 * Source: ADXL345 data sheet, revision E (registers: pages 23 to 28). */
#ifndef TINY_ADXL345_H
#define TINY_ADXL345_H

#include "tiny.h"

#define TINY_ADXL345_CHANNELS 3

typedef struct {
    uint8_t address; /* 0x53, or 0x1D with ALT ADDRESS high */
    uint32_t rate;   /* frames a second in thousandths: 6250, twice that, and so on to 200000 */
} tiny_adxl345_t;

/* Wakes it and starts the FIFO afresh: +-16 g in steps of 3.9 mg. TINY_E_IO when the bus fails or
 * another part answers. */
tiny_status_t tiny_adxl345_begin(const tiny_adxl345_t TINY_ROM *c);

/* The next `count` frames, waiting for those that are not there yet: x, y, z in thousandths of g.
 * TINY_E_FULL when the FIFO overflowed, so that frames are lost; TINY_E_IO when the bus fails or
 * frames stay away. Begin again after either. */
tiny_status_t tiny_adxl345_frames(const tiny_adxl345_t TINY_ROM *c, int16_t *out, uint8_t count);

/* Lets it sleep until the next begin. */
tiny_status_t tiny_adxl345_rest(const tiny_adxl345_t TINY_ROM *c);

#endif
