/* A hobby servo on the flap or the drum of a food hopper. It gets pulses only while it turns, so
 * that it draws nothing and hums no more afterwards; the flap must stay where it is by itself. */
#ifndef TINY_SERVO_FEEDER_H
#define TINY_SERVO_FEEDER_H

#include "tiny.h"

typedef struct {
    uint8_t pin;
    uint16_t open;   /* pulse in us */
    uint16_t closed; /* pulse in us */
} tiny_servo_feeder_t;

/* Turns to open or closed, which takes 0.6 s. */
tiny_status_t tiny_servo_feeder_write(const tiny_servo_feeder_t TINY_ROM *c, bool on);

#endif
