/* Files and exit over Arm-style semihosting, which QEMU serves on Cortex-M and RISC-V alike
 * ("Semihosting for AArch32 and AArch64"; RISC-V semihosting 0.4 takes the same calls).
 * Include it in one start-up file that defines semihost_call. */
#include "host.h"

enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };
enum { MODE_RB = 1, MODE_WB = 5 };

static intptr_t file_in = -1;
static intptr_t file_out = -1;

static intptr_t open_file(const char *name, uintptr_t length, uintptr_t mode) {
    const uintptr_t block[3] = {(uintptr_t)name, mode, length};
    return semihost_call(SYS_OPEN, block);
}

void host_read(void *to, size_t n) {
    if (file_in < 0) {
        file_in = open_file("in.bin", 6, MODE_RB);
    }
    const uintptr_t block[3] = {(uintptr_t)file_in, (uintptr_t)to, n};
    if (file_in < 0 || (n > 0 && semihost_call(SYS_READ, block) != 0)) {
        host_exit(2);
    }
}

void host_write(const void *from, size_t n) {
    if (file_out < 0) {
        file_out = open_file("out.bin", 7, MODE_WB);
    }
    const uintptr_t block[3] = {(uintptr_t)file_out, (uintptr_t)from, n};
    if (file_out < 0 || (n > 0 && semihost_call(SYS_WRITE, block) != 0)) {
        host_exit(3);
    }
}

void host_exit(int code) {
    const uintptr_t block[2] = {0x20026u /* ADP_Stopped_ApplicationExit */, (uintptr_t)code};
    (void)semihost_call(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}
