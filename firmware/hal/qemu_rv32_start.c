/* Reset of the RV32 virtual board (QEMU's virt machine): registers, .data, .bss, main. */
#include "qemu_start.h"

void start(void);

/* A trap ends the run with a code of its own instead of hanging for ever. */
__attribute__((aligned(4), interrupt)) static void trap(void) {
    hal_exit(70);
}

__attribute__((used, noreturn)) void start(void) {
    __asm__ volatile(".option push\n.option arch, +zicsr\ncsrw mtvec, %0\n.option pop"
                     :
                     : "r"((uintptr_t)trap));
    start_memory();
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
