/* InvenSense MPU-6050: acceleration and turning in three axes, 16 bits, a FIFO of 1024 bytes.
 * Sources: MPU-6000/MPU-6050 Product Specification, PS-MPU-6000A-00 revision 3.4; Register Map and
 * Descriptions, RM-MPU-6000A-00 revision 4.2 (section numbers are the register map's). */
#ifndef TINY_MPU6050_H
#define TINY_MPU6050_H

#include "tiny.h"

#define TINY_MPU6050_CHANNELS 6

typedef struct {
    uint8_t address; /* 0x68, or 0x69 with AD0 high */
    uint32_t rate;   /* frames a second in thousandths; divides 1 kHz */
} tiny_mpu6050_t;

/* Wakes it and starts the FIFO afresh: +-16 g, +-2000 deg/s, low-pass below half the rate.
 * TINY_E_IO when the bus fails or another part answers. */
tiny_status_t tiny_mpu6050_begin(const tiny_mpu6050_t TINY_ROM *c);

/* The next `count` frames, waiting for those that are not there yet: each accel x, y, z in
 * thousandths of g, gyro x, y, z in tenths of deg/s. TINY_E_FULL when the FIFO overflowed, so that
 * frames are lost; TINY_E_IO when the bus fails or frames stay away. Begin again after either. */
tiny_status_t tiny_mpu6050_frames(const tiny_mpu6050_t TINY_ROM *c, int16_t *out, uint8_t count);

/* Lets it sleep until the next begin. */
tiny_status_t tiny_mpu6050_rest(const tiny_mpu6050_t TINY_ROM *c);

#endif
