/* A relay or solid-state switch on a digital pin. */
#ifndef TINY_RELAY_H
#define TINY_RELAY_H

#include "tiny.h"

typedef struct {
    uint8_t pin;
    bool active_low; /* the relay closes when the pin is low */
} tiny_relay_t;

tiny_status_t tiny_relay_write(const tiny_relay_t TINY_ROM *c, bool on);

#endif
