/* Start-up and host calls on QEMU's mps2 and mps3 boards (Cortex-M0 to M55). */
#include "host.h"

extern uint32_t tiny_stack_top[], tiny_data_load[], tiny_data[], tiny_data_end[], tiny_bss[],
    tiny_bss_end[];
int main(void);

static intptr_t semihost_call(uintptr_t operation, const void *block) {
    register uintptr_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (intptr_t)r0;
}

#include "semihost.h"

uint8_t *host_data_end(void) {
    return (uint8_t *)tiny_bss_end;
}

#define SYST_CSR (*(volatile uint32_t *)0xe000e010u)
#define SYST_RVR (*(volatile uint32_t *)0xe000e014u)
#define SYST_CVR (*(volatile uint32_t *)0xe000e018u)
#define CPACR    (*(volatile uint32_t *)0xe000ed88u)

uint32_t host_ticks(void) {
    return 0x00ffffffu - SYST_CVR;
}

__attribute__((noreturn, used)) static void reset(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    CPACR |= 0xfu << 20;
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
    const uint32_t *from = tiny_data_load;
    /* cppcheck-suppress comparePointers ; the linker script sets both */
    for (uint32_t *to = tiny_data; to < tiny_data_end; to++) {
        *to = *from++;
    }
    /* cppcheck-suppress comparePointers ; the linker script sets both */
    for (uint32_t *to = tiny_bss; to < tiny_bss_end; to++) {
        *to = 0;
    }
    SYST_RVR = 0x00ffffffu;
    SYST_CVR = 0;
    SYST_CSR = 5; /* enabled, from the processor's clock */
    host_exit(main());
}

__attribute__((noreturn)) static void fault(void) {
    host_exit(4);
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    tiny_stack_top,      (const void *)reset, (const void *)fault, (const void *)fault,
    (const void *)fault, (const void *)fault, (const void *)fault,
};
