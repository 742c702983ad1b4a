/* The real main.c (TINY_VIRTUAL is 0) with an accelerometer whose clock is not the board's, in fast
 * motion. Time passes while the bus works, the driver waits and the line is read.
 *
 * Arguments: microseconds a frame takes, seconds to run, at which second the node is held up, for
 * how many milliseconds. Prints samples, faults, the planned and the board's second, the longest
 * time between two feedings of the watchdog, and the milliseconds slept. */
#include "src/main.c"

#include "harness.h"

static uint64_t now_us;
static uint64_t fed_us;
static uint64_t longest_us;
static uint64_t slept_us;
static uint64_t next_frame_us;
static uint64_t frame_us;
static uint8_t registers[256];
static uint8_t pointer;
static uint8_t waiting;
static bool overrun;
static bool held;
static uint32_t held_at, held_ms;
static uint8_t persist[HAL_PERSIST_BYTES];

static bool measures(void) {
    return (registers[0x2D] & 0x08) != 0;
}

static void pass(uint64_t us) {
    now_us += us;
    for (; measures() && next_frame_us <= now_us; next_frame_us += frame_us) {
        overrun = overrun || waiting == 32;
        waiting = (uint8_t)(waiting < 32 ? waiting + 1 : 32);
    }
}

void hal_init(void) {}

uint32_t hal_now(void) {
    return (uint32_t)(now_us / 1000000u);
}

void hal_sleep_until(uint32_t t) {
    hal_watchdog();
    if ((uint64_t)t * 1000000u > now_us) {
        slept_us += (uint64_t)t * 1000000u - now_us;
        pass((uint64_t)t * 1000000u - now_us);
    }
    fed_us = now_us;
}

void hal_delay_ms(uint16_t ms) {
    pass(1000u * (uint64_t)ms);
}

void hal_watchdog(void) {
    longest_us = now_us - fed_us > longest_us ? now_us - fed_us : longest_us;
    fed_us = now_us;
}

int hal_stream_write(const uint8_t *data, size_t n) {
    (void)data;
    pass(87u * n); /* 115,200 baud */
    if (!held && hal_now() >= held_at && held_ms > 0) {
        held = true;
        pass(1000u * (uint64_t)held_ms);
    }
    return TINY_OK;
}

int hal_stream_read(uint8_t *data, size_t cap, uint32_t timeout_ms) {
    (void)data;
    (void)cap;
    pass(1000u * (uint64_t)(timeout_ms < 20 ? timeout_ms : 20));
    return 0;
}

int hal_adc_mv(uint8_t pin, int32_t *mv) {
    (void)pin;
    pass(200);
    *mv = 1700;
    return TINY_OK;
}

int hal_gpio_mode(uint8_t pin, uint8_t mode) {
    (void)pin;
    (void)mode;
    return TINY_OK;
}

int hal_gpio_write(uint8_t pin, bool high) {
    (void)pin;
    (void)high;
    return TINY_OK;
}

int hal_gpio_read(uint8_t pin, bool *high) {
    (void)pin;
    *high = false;
    return TINY_E_IO;
}

int hal_pulse_us(uint8_t trigger, uint8_t echo, uint32_t timeout_us, uint32_t *us) {
    (void)trigger;
    (void)echo;
    (void)timeout_us;
    *us = 0;
    return TINY_E_MISSING;
}

int hal_pulse_out(uint8_t pin, uint16_t us) {
    (void)pin;
    (void)us;
    return TINY_OK;
}

int hal_i2c_write(uint8_t addr, const uint8_t *d, size_t n) {
    pass(90u * (n + 1)); /* 100 kHz */
    if (addr != 0x53) {
        return TINY_E_IO;
    }
    pointer = d[0];
    if (n == 2) {
        const bool began = d[0] == 0x2D && d[1] == 0x08 && !measures();
        registers[d[0]] = d[1];
        if (began) {
            next_frame_us = now_us + frame_us;
        }
        if (d[0] == 0x38 && d[1] == 0) {
            waiting = 0;
            overrun = false;
        }
    }
    return TINY_OK;
}

int hal_i2c_read(uint8_t addr, uint8_t *d, size_t n) {
    pass(90u * (n + 1));
    if (addr != 0x53) {
        return TINY_E_IO;
    }
    registers[0x00] = 0xE5;
    registers[0x30] = overrun ? 1 : 0;
    registers[0x39] = waiting;
    memcpy(d, registers + pointer, n);
    if (pointer == 0x32 && waiting > 0) {
        waiting--;
    }
    return TINY_OK;
}

int hal_persist_read(uint16_t offset, void *d, size_t n) {
    memcpy(d, persist + offset, n);
    return TINY_OK;
}

int hal_persist_write(uint16_t offset, const void *d, size_t n) {
    memcpy(persist + offset, d, n);
    return TINY_OK;
}

uint16_t hal_battery_mv(void) {
    return 0;
}

uint32_t hal_stack_used(void) {
    return 0;
}

void hal_exit(int code) {
    exit(code);
}

int main(int argc, char **argv) {
    if (argc != 5) {
        return 2;
    }
    frame_us = strtoull(argv[1], NULL, 10);
    const uint32_t until = (uint32_t)strtoul(argv[2], NULL, 10);
    held_at = (uint32_t)strtoul(argv[3], NULL, 10);
    held_ms = (uint32_t)strtoul(argv[4], NULL, 10);
    memset(persist, 0xFF, sizeof persist);
    tiny_node_setup();
    while (hal_now() < until) {
        tiny_node_step();
    }
    printf("%u %u %u %u %u %u\n", (unsigned)node.health.samples, (unsigned)node.health.faults,
           (unsigned)node.t, (unsigned)hal_now(), (unsigned)(longest_us / 1000u),
           (unsigned)(slept_us / 1000u));
    return 0;
}
