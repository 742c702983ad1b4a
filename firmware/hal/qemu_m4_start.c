/* Reset of the Cortex-M4 virtual board (mps2-an386): vectors, .data, .bss, FPU, main. */
#include "qemu_start.h"

extern uint32_t __stack[];

void reset(void);

/* A fault ends the run with a code of its own instead of hanging for ever. */
static void fault(void) {
    hal_exit(70);
}

void reset(void) {
    volatile uint32_t *const cpacr = (volatile uint32_t *)0xE000ED88u;
    *cpacr |= 0xFu << 20; /* full access to the FPU (Armv7-M ARM, B3.2.20) */
    start_memory();
    (void)main();
    hal_exit(0);
}

typedef void (*vector_t)(void);

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    vector_t handlers[15];
} vectors = {__stack,
             {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault,
              fault, fault, fault}};
