/* Attributes the work of bench_run to its steps. Reads how many inferences to run, each at another
 * phase of a tick; writes the tick's length in quarters, the cost of a known number of marks in
 * ticks, and ticks and marks of each step; the last entry is what no step owns. */
#include "profile.h"
#include "host.h"

#include <string.h>

void bench_setup(void);
void bench_run(void);

static struct {
    uint32_t ticks;
    uint32_t hits;
} steps[PROFILE_STEPS + 1];

static uint16_t current;
static uint32_t last;

void profile_step(uint16_t step) {
    const uint32_t now = host_ticks();
    steps[current].ticks += (now - last) & HOST_TICKS_MASK;
    steps[current].hits++;
    current = step;
    last = now;
}

#if defined(__arm__)
/* profile_step by the rules of a C call, for code that expects its registers back. */
__attribute__((naked)) void profile_entry(void) {
    __asm__ volatile(".syntax unified\n push {r1, r2, r3, r4, r5, lr}\n mov r4, ip\n"
                     "bl profile_step\n mov ip, r4\n pop {r1, r2, r3, r4, r5, pc}");
}
#elif defined(__riscv)
/* profile_step by the rules of a C call, for code that expects its registers back. */
__attribute__((naked)) void profile_entry(void) {
    __asm__ volatile("addi sp, sp, -64\n sw ra, 0(sp)\n sw a1, 4(sp)\n sw a2, 8(sp)\n"
                     "sw a3, 12(sp)\n sw a4, 16(sp)\n sw a5, 20(sp)\n sw a6, 24(sp)\n"
                     "sw a7, 28(sp)\n sw t0, 32(sp)\n sw t1, 36(sp)\n sw t2, 40(sp)\n"
                     "sw t3, 44(sp)\n sw t4, 48(sp)\n sw t5, 52(sp)\n sw t6, 56(sp)\n"
                     "call profile_step\n lw ra, 0(sp)\n lw a1, 4(sp)\n lw a2, 8(sp)\n"
                     "lw a3, 12(sp)\n lw a4, 16(sp)\n lw a5, 20(sp)\n lw a6, 24(sp)\n"
                     "lw a7, 28(sp)\n lw t0, 32(sp)\n lw t1, 36(sp)\n lw t2, 40(sp)\n"
                     "lw t3, 44(sp)\n lw t4, 48(sp)\n lw t5, 52(sp)\n lw t6, 56(sp)\n"
                     "addi sp, sp, 64\n ret");
}
#endif

/* Starts a tick anew, then waits: the phase moves by three instructions a turn, and 40 phases are
 * all different, for 3 and 40 have no divisor in common. */
static void begin(uint32_t phase) {
#if defined(__arm__)
    *(volatile uint32_t *)0xe000e018u = 0; /* SysTick's current value */
    uint32_t turns = phase + 1u;
    __asm__ volatile(".syntax unified\n1:\n nop\n subs %0, %0, #1\n bne 1b" : "+l"(turns) : : "cc");
#else
    (void)phase;
#endif
    current = PROFILE_STEPS;
    last = host_ticks();
}

#define FOUR(x) x x x x
#define PHASES  40u

int main(void) {
    uint32_t calls;
    host_read(&calls, sizeof calls);
    bench_setup();
    bench_run();
    memset(steps, 0, sizeof steps);
    /* A mark costs the same wherever it stands: sixteen in a row, at every phase. */
    for (uint32_t i = 0; i < PHASES; i++) {
        begin(i);
        TINY_STEP(0);
        FOUR(FOUR(TINY_STEP(0);))
    }
    const uint32_t figures[3] = {HOST_TICK_QUARTERS, steps[0].hits, steps[0].ticks};
    host_write(figures, sizeof figures);
    memset(steps, 0, sizeof steps);
    for (uint32_t i = 0; i < calls; i++) {
        /* Evenly spread over a tick, also if there are fewer; 27 is the inverse of 3. */
        begin(i * (PHASES / calls) * 27u % PHASES);
        bench_run();
        profile_step(PROFILE_STEPS);
    }
    host_write(steps, sizeof steps);
    host_exit(0);
}
