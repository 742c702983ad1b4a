/* A hardware board in fast motion (TINY_VIRTUAL is 0): a clock in milliseconds that reading,
 * writing and sleeping move on, a soil probe and a tank, a valve whose every change is printed,
 * and a serial line that is silent, babbles, or is ruined now and then, or has a gateway on it.
 *
 * Arguments: what the line does, seconds to run, milliseconds that sensing takes; of "gateway" also
 * the bytes that answer each message, and those that are waiting at the first look after 600 s. */
#include "hal.h"
#include "harness.h"

static uint64_t now_ms;
static uint64_t fed_ms;
static uint64_t longest_ms; /* between two feedings of the watchdog */
static uint32_t uplinks;
static uint32_t sense_ms;
static const char *mode;
static uint8_t persist[HAL_PERSIST_BYTES];
static uint32_t babble = 1;
static bool valve;
static uint8_t *answer, *waiting;
static size_t answer_n, waiting_n;
static const uint8_t *line_at; /* what is on the line */
static size_t line_n;

static void pass(uint64_t ms) {
    now_ms += ms;
}

uint32_t hal_now(void) {
    return (uint32_t)(now_ms / 1000u);
}

void hal_sleep_until(uint32_t t) {
    hal_watchdog();
    if ((uint64_t)t * 1000u > now_ms) {
        now_ms = (uint64_t)t * 1000u;
    }
    fed_ms = now_ms; /* a real HAL feeds it while it sleeps */
}

void hal_delay_ms(uint16_t ms) {
    pass(ms);
}

void hal_watchdog(void) {
    if (now_ms - fed_ms > longest_ms) {
        longest_ms = now_ms - fed_ms;
    }
    fed_ms = now_ms;
}

int hal_stream_write(const uint8_t *data, size_t n) {
    (void)data;
    uplinks += n > 1 ? 1 : 0; /* else the zero before it */
    line_at = answer;
    line_n = n > 1 ? answer_n : 0;
    pass(n / 10 + 1);
    return is(mode, "closed") ? TINY_E_IO : TINY_OK;
}

/* A few bytes at a time, as they come. */
static int from_gateway(uint8_t *data, size_t cap, uint32_t timeout_ms) {
    if (timeout_ms == 0 && now_ms >= 600000 && waiting_n > 0) {
        line_at = waiting;
        line_n = waiting_n;
        waiting_n = 0;
    }
    const size_t n = line_n < 7 ? line_n : 7;
    if (n == 0 || n > cap) {
        pass(timeout_ms);
        return 0;
    }
    memcpy(data, line_at, n);
    line_at += n;
    line_n -= n;
    pass(1);
    return (int)n;
}

int hal_stream_read(uint8_t *data, size_t cap, uint32_t timeout_ms) {
    if (is(mode, "gateway")) {
        return from_gateway(data, cap, timeout_ms);
    }
    if (is(mode, "closed")) {
        return TINY_E_IO;
    }
    if (is(mode, "silent") || timeout_ms == 0) {
        pass(timeout_ms);
        return 0;
    }
    /* One byte just before each timeout, or as many as fit at once; zeros among them or not. */
    const bool slow = is(mode, "slow");
    const size_t n = slow ? 1 : cap;
    pass(slow ? timeout_ms - 1 : 10);
    for (size_t i = 0; i < n; i++) {
        babble = babble * 1664525u + 1013904223u;
        data[i] = (uint8_t)(babble >> 24);
        if (is(mode, "endless") && data[i] == 0) {
            data[i] = 1;
        }
    }
    return (int)n;
}

int hal_pulse_out(uint8_t pin, uint16_t us) {
    (void)pin;
    (void)us;
    return TINY_OK;
}

int hal_adc_mv(uint8_t pin, int32_t *mv) {
    (void)pin;
    pass(sense_ms);
    *mv = 2200; /* dry */
    return TINY_OK;
}

int hal_pulse_us(uint8_t trigger, uint8_t echo, uint32_t timeout_us, uint32_t *us) {
    (void)trigger;
    (void)echo;
    (void)timeout_us;
    *us = 1000; /* nearly full */
    return TINY_OK;
}

int hal_gpio_mode(uint8_t pin, uint8_t m) {
    (void)pin;
    (void)m;
    return TINY_OK;
}

int hal_gpio_write(uint8_t pin, bool high) {
    (void)pin;
    if (high != valve) {
        valve = high;
        printf("%d %llu\n", high, (unsigned long long)now_ms);
    }
    return TINY_OK;
}

int hal_i2c_write(uint8_t addr, const uint8_t *d, size_t n) {
    (void)addr;
    (void)d;
    (void)n;
    return TINY_E_IO;
}

int hal_i2c_read(uint8_t addr, uint8_t *d, size_t n) {
    (void)addr;
    (void)d;
    (void)n;
    return TINY_E_IO;
}

int hal_persist_read(uint16_t offset, void *d, size_t n) {
    memcpy(d, persist + offset, n);
    return TINY_OK;
}

int hal_persist_write(uint16_t offset, const void *d, size_t n) {
    if (is(mode, "worn")) {
        return TINY_E_IO;
    }
    pass(n * 3); /* an AVR's EEPROM: 3.4 ms a byte */
    memcpy(persist + offset, d, n);
    return TINY_OK;
}

uint16_t hal_battery_mv(void) {
    return 3700;
}

uint32_t hal_stack_used(void) {
    return 0;
}

void hal_exit(int code) {
    exit(code);
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 6) {
        return 2;
    }
    mode = argv[1];
    const uint32_t end = (uint32_t)strtoul(argv[2], NULL, 10);
    sense_ms = (uint32_t)strtoul(argv[3], NULL, 10);
    if (argc == 6) {
        rest = argv[4];
        answer = hex(&answer_n);
        rest = argv[5];
        waiting = hex(&waiting_n);
    }
    memset(persist, 0xFF, sizeof persist);
    tiny_node_setup();
    while (hal_now() < end) {
        tiny_node_step();
    }
    printf("end %llu %u\n", (unsigned long long)longest_ms, uplinks);
    free(answer);
    free(waiting);
    return 0;
}
