/* Reset of the Cortex-M4 virtual board (mps2-an386): vectors, .data, .bss, FPU, main. */
#include "hal.h"

extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[], __stack[];

int main(void);
void reset(void);

/* A fault ends the run with a code of its own instead of hanging for ever. */
static void fault(void) {
    hal_exit(70);
}

void reset(void) {
    volatile uint32_t *const cpacr = (volatile uint32_t *)0xE000ED88u;
    const uint32_t *from = __data_load;
    *cpacr |= 0xFu << 20; /* full access to the FPU (Armv7-M ARM, B3.2.20) */
    /* The linker's symbols are ends of one section, not objects of their own. */
    // cppcheck-suppress comparePointers
    for (uint32_t *to = __data_start; to < __data_end;) {
        *to++ = *from++;
    }
    // cppcheck-suppress comparePointers
    for (uint32_t *to = __bss_start; to < __bss_end;) {
        *to++ = 0u;
    }
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
