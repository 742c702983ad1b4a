/* What both QEMU boards do between reset and main. */
#ifndef TINY_HAL_QEMU_START_H
#define TINY_HAL_QEMU_START_H

#include "hal.h"

/* From platforms/qemu.ld; only their addresses mean anything. */
extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];

int main(void);

/* Variables get their initial values. */
static inline void start_memory(void) {
    const uintptr_t data_bytes = (uintptr_t)__data_end - (uintptr_t)__data_start;
    const uintptr_t bss_bytes = (uintptr_t)__bss_end - (uintptr_t)__bss_start;
    for (uintptr_t i = 0; i < data_bytes / sizeof(uint32_t); i++) {
        __data_start[i] = __data_load[i];
    }
    for (uintptr_t i = 0; i < bss_bytes / sizeof(uint32_t); i++) {
        __bss_start[i] = 0u;
    }
}

#endif
