/* The marks of the profile build: what was done since the last mark belongs to the step that
 * ends here. A mark keeps all registers but the one of its argument and the link register, so that
 * the code around it stays what it is without. */
#ifndef TINY_BENCH_PROFILE_H
#define TINY_BENCH_PROFILE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TINY_PROFILE 1

void profile_step(uint16_t step);
void profile_entry(void);

#if defined(__arm__)
#define TINY_STEP(n)                                                                               \
    __asm__ volatile(".syntax unified\n movs r0, %0\n lsls r0, r0, #8\n adds r0, %1\n"             \
                     "bl profile_entry"                                                            \
                     :                                                                             \
                     : "i"((n) >> 8), "i"((n)&255)                                                 \
                     : "r0", "lr", "cc", "memory")
#elif defined(__riscv)
#define TINY_STEP(n)                                                                               \
    __asm__ volatile("li a0, %0\n call profile_entry" : : "i"(n) : "a0", "ra", "memory")
#else
#define TINY_STEP(n) profile_step(n)
#endif

#ifdef __cplusplus
}
#endif

#endif
