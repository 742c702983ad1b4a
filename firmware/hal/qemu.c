/* Virtual boards in QEMU: Cortex-M (mps2-an386) and RV32 (virt). Everything passes through
 * semihosting: 20,000 request/answer pairs take 3-7 s this way, 40-55 s through a UART.
 * Source: "Semihosting for AArch32 and AArch64" (Arm, 2.0); RISC-V semihosting 0.4. */
#include "virtual.h"

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_EXIT_EXTENDED = 0x20,
    STOPPED_APPLICATION_EXIT = 0x20026
};

/* Modes of SYS_OPEN follow fopen's: "rb", "r+b", "w+b". */
enum { OPEN_READ = 1, OPEN_UPDATE = 3, OPEN_WRITE = 5 };

typedef uintptr_t word_t;

static word_t semihost(word_t operation, const void *arguments) {
#if defined(__riscv)
    register word_t a0 __asm__("a0") = operation;
    register word_t a1 __asm__("a1") = (word_t)arguments;
    /* The three instructions are the call; uncompressed and within one page. Aligned while the
     * assembler still reckons with instructions of two bytes, as the linker will. */
    __asm__ volatile(".option push\n.balign 16\n.option norvc\n"
                     "slli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
    return a0;
#else /* Cortex-M */
    register word_t r0 __asm__("r0") = operation;
    register word_t r1 __asm__("r1") = (word_t)arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
#endif
}

static word_t stream_in;
static word_t stream_out;

static word_t file_open(const char *name, word_t mode) {
    word_t length = 0u;
    while (name[length] != '\0') {
        length++;
    }
    return semihost(SYS_OPEN, (const word_t[3]){(word_t)name, mode, length});
}

static bool file_bad(word_t handle) {
    return handle == (word_t)-1;
}

static void file_close(word_t handle) {
    (void)semihost(SYS_CLOSE, (const word_t[1]){handle});
}

/* The stack is painted down to where hal_init runs; what is below has not been used yet. */
extern uint32_t __stack[];
#define STACK_BYTES 16384u
#define STACK_PAINT 0xC5C5C5C5u

static volatile uint32_t *stack_bottom(void) {
    return (volatile uint32_t *)((uintptr_t)__stack - STACK_BYTES);
}

static void stack_paint(void) {
    const uintptr_t here = (uintptr_t)__builtin_frame_address(0) - 64u;
    volatile uint32_t *p = stack_bottom();
    while ((uintptr_t)p < here) {
        *p++ = STACK_PAINT;
    }
}

uint32_t hal_stack_used(void) {
    const volatile uint32_t *p = stack_bottom();
    while ((uintptr_t)p < (uintptr_t)__stack && *p == STACK_PAINT) {
        p++;
    }
    return (uint32_t)((uintptr_t)__stack - (uintptr_t)p);
}

void hal_init(void) {
    stack_paint();
    stream_in = file_open(":tt", OPEN_READ);
    stream_out = file_open(":tt", OPEN_WRITE);
}

int hal_stream_write(const uint8_t *data, size_t n) {
    while (n > 0u) {
        word_t left = semihost(SYS_WRITE, (const word_t[3]){stream_out, (word_t)data, n});
        if (left >= n) { /* nothing moved, or -1 */
            return TINY_E_IO;
        }
        data += n - left;
        n = left;
    }
    return TINY_OK;
}

int hal_stream_read(uint8_t *data, size_t cap, uint32_t timeout_ms) {
    word_t left;
    (void)timeout_ms; /* virtual time stands still until the host answers */
    left = semihost(SYS_READ, (const word_t[3]){stream_in, (word_t)data, cap});
    return left < cap ? (int)(cap - left) : TINY_E_IO;
}

int virtual_load(uint8_t *image, size_t n) {
    word_t left;
    word_t file = file_open("persist.bin", OPEN_READ);
    if (file_bad(file)) {
        return TINY_E_IO;
    }
    left = semihost(SYS_READ, (const word_t[3]){file, (word_t)image, n});
    file_close(file);
    return left <= n ? TINY_OK : TINY_E_IO;
}

int virtual_store(const uint8_t *image, size_t n) {
    word_t left;
    word_t file = file_open("persist.bin", OPEN_UPDATE); /* in place: never a shorter file */
    if (file_bad(file)) {
        file = file_open("persist.bin", OPEN_WRITE);
    }
    if (file_bad(file)) {
        return TINY_E_IO;
    }
    left = semihost(SYS_WRITE, (const word_t[3]){file, (word_t)image, n});
    file_close(file);
    return left == 0u ? TINY_OK : TINY_E_IO;
}

void hal_exit(int code) {
    for (;;) {
        (void)semihost(SYS_EXIT_EXTENDED,
                       (const word_t[2]){STOPPED_APPLICATION_EXIT, (word_t)code});
    }
}
