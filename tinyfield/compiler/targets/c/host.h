/* What a program under emulation may ask of the machine around it. */
#ifndef TINY_BENCH_HOST_H
#define TINY_BENCH_HOST_H

#include <stddef.h>
#include <stdint.h>

#if defined(__AVR__)
#include <avr/io.h>
#endif

/* The next bytes of the input file; ends the program with code 2 if there are too few. */
void host_read(void *to, size_t n);

/* Adds bytes to the output file. */
void host_write(const void *from, size_t n);

/* Ends the emulation. */
void host_exit(int code) __attribute__((noreturn));

/* A counter of executed work: cycles on AVR, instructions elsewhere. Only the difference of two
 * readings means something, modulo HOST_TICKS_MASK + 1 and times HOST_TICK_QUARTERS / 4. */
uint32_t host_ticks(void);

/* Under -icount shift=0 an instruction takes 1 ns of QEMU's time. SysTick counts the board's clock:
 * mps3-an547 (M55) 32 MHz, mps2-an505 (M33) 20 MHz, the other mps2 boards 25 MHz. */
#if defined(__ARM_FEATURE_MVE)
#define HOST_TICK_QUARTERS 125u
#elif defined(__ARM_ARCH_8M_MAIN__)
#define HOST_TICK_QUARTERS 200u
#elif defined(__arm__)
#define HOST_TICK_QUARTERS 160u
#else
#define HOST_TICK_QUARTERS 4u
#endif

#if defined(__arm__)
#define HOST_TICKS_MASK 0x00ffffffu /* SysTick has 24 bits */
#else
#define HOST_TICKS_MASK 0xffffffffu
#endif

/* The first byte past all static data. */
uint8_t *host_data_end(void);

#if defined(__AVR__) || defined(__riscv) || defined(__arm__)

/* The painted canary. Inlined, so that what is below the caller's own stack pointer is painted
 * and a function called afterwards is measured from its return address on. */
#define HOST_PAINT       0xa5u
#define HOST_PAINT_LIMIT 65536u

static inline __attribute__((always_inline)) uint8_t *host_stack_pointer(void) {
#if defined(__AVR__)
    return (uint8_t *)SP + 1; /* SP names the next free byte */
#elif defined(__riscv)
    uint8_t *sp;
    __asm__ volatile("mv %0, sp" : "=r"(sp));
    return sp;
#else
    uint8_t *sp;
    __asm__ volatile("mov %0, sp" : "=r"(sp));
    return sp;
#endif
}

static inline __attribute__((always_inline)) uint8_t *host_stack_paint(void) {
    uint8_t *low = host_data_end();
    uint8_t *const high = host_stack_pointer();
    if ((size_t)(high - low) > (size_t)(HOST_PAINT_LIMIT - 1u)) {
        low = high - (size_t)(HOST_PAINT_LIMIT - 1u);
    }
    for (volatile uint8_t *p = low; p < high; p++) {
        *p = HOST_PAINT;
    }
    return low;
}

static inline __attribute__((always_inline)) uint32_t host_stack_depth(const uint8_t *low) {
    const uint8_t *const high = host_stack_pointer();
    const volatile uint8_t *p = low;
    while (p < high && *p == HOST_PAINT) {
        p++;
    }
    return (uint32_t)(high - (const uint8_t *)p);
}

#endif

#endif
