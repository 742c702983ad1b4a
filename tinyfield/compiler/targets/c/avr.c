/* Host calls on simavr: the runner watches three registers that do nothing else. */
#include "host.h"

#include <avr/io.h>

extern uint8_t _end;

uint8_t *host_data_end(void) {
    return &_end;
}

void host_read(void *to, size_t n) {
    for (uint8_t *p = to; n > 0; n--) {
        *p++ = GPIOR0;
    }
}

void host_write(const void *from, size_t n) {
    for (const uint8_t *p = from; n > 0; n--) {
        GPIOR0 = *p++;
    }
}

uint32_t host_ticks(void) {
    /* Writing asks for a reading of the cycle counter, which then comes byte by byte. */
    GPIOR1 = 0;
    uint32_t ticks = GPIOR1;
    ticks |= (uint32_t)GPIOR1 << 8;
    ticks |= (uint32_t)GPIOR1 << 16;
    ticks |= (uint32_t)GPIOR1 << 24;
    return ticks;
}

void host_exit(int code) {
    for (;;) {
        GPIOR2 = (uint8_t)code;
    }
}
