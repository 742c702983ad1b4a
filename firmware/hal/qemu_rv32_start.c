/* Reset of the RV32 virtual board (QEMU's virt machine): registers, .data, .bss, main. */
#include "hal.h"

extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];

int main(void);
void start(void);

/* A trap ends the run with a code of its own instead of hanging for ever. */
__attribute__((aligned(4), interrupt)) static void trap(void) {
    hal_exit(70);
}

__attribute__((used, noreturn)) void start(void) {
    const uint32_t *from = __data_load;
    __asm__ volatile(".option push\n.option arch, +zicsr\ncsrw mtvec, %0\n.option pop"
                     :
                     : "r"((uintptr_t)trap));
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

/* The machine jumps here with nothing set up at all. */
__asm__(".section .vectors, \"ax\"\n"
        ".globl _start\n"
        "_start:\n"
        ".option push\n"
        ".option norelax\n"
        "la gp, __global_pointer$\n"
        ".option pop\n"
        "la sp, __stack\n"
        "j start\n");
