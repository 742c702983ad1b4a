/* Start-up and host calls on QEMU's riscv32 virt machine. */
#include "host.h"

extern uint32_t tiny_bss[], tiny_bss_end[];
int main(void);

static intptr_t semihost_call(uintptr_t operation, const void *block) {
    register uintptr_t a0 __asm__("a0") = operation;
    register const void *a1 __asm__("a1") = block;
    /* The three instructions must be uncompressed and on one page. They are aligned while the
     * assembler still reckons with instructions of two bytes, as the linker will. */
    __asm__ volatile(".option push\n"
                     ".balign 16\n"
                     ".option norvc\n"
                     "slli zero, zero, 0x1f\n"
                     "ebreak\n"
                     "srai zero, zero, 7\n"
                     ".option pop\n"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
    return (intptr_t)a0;
}

#include "semihost.h"

uint8_t *host_data_end(void) {
    return (uint8_t *)tiny_bss_end;
}

uint32_t host_ticks(void) {
    uint32_t low;
    __asm__ volatile(".option push\n"
                     ".option arch, +zicsr\n"
                     "csrr %0, minstret\n"
                     ".option pop\n"
                     : "=r"(low));
    return low;
}

__attribute__((noreturn, used)) void tiny_start(void) {
    /* cppcheck-suppress comparePointers ; the linker script sets both */
    for (uint32_t *to = tiny_bss; to < tiny_bss_end; to++) {
        *to = 0;
    }
    host_exit(main());
}

__attribute__((used)) void tiny_trap(void) {
    host_exit(4);
}

__attribute__((section(".entry"), naked, used)) void _start(void) {
    __asm__ volatile(".option push\n"
                     ".option norelax\n"
                     "la gp, __global_pointer$\n"
                     ".option pop\n"
                     "la sp, tiny_stack_top\n"
                     "la t0, tiny_trap_entry\n"
                     ".option push\n"
                     ".option arch, +zicsr\n"
                     "csrw mtvec, t0\n"
                     ".option pop\n"
                     "j tiny_start\n"
                     ".balign 4\n"
                     "tiny_trap_entry: j tiny_trap\n");
}
