/* Counts the work of bench_run: stack depth of one call, then the counter around an empty loop
 * and around one of as many calls. */
#include "host.h"

void bench_setup(void);
void bench_run(void);

static void nothing(void) {}

static uint32_t timed(void (*volatile run)(void), uint32_t calls) {
    const uint32_t start = host_ticks();
    for (uint32_t i = 0; i < calls; i++) {
        run();
    }
    return (host_ticks() - start) & HOST_TICKS_MASK;
}

int main(void) {
    uint32_t calls;
    host_read(&calls, sizeof calls);
    bench_setup();
    const uint8_t *const low = host_stack_paint();
    bench_run();
    uint32_t figures[4] = {host_stack_depth(low), HOST_TICK_QUARTERS, 0, 0};
    figures[2] = timed(nothing, calls);
    figures[3] = timed(bench_run, calls);
    host_write(figures, sizeof figures);
    host_exit(0);
}
