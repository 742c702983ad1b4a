/* What a board must offer. One implementation is linked per image: native.c (this PC), qemu.c
 * (Cortex-M4 and RV32 under QEMU) or arduino.cpp (every Arduino core, simavr's Uno included).
 *
 * The HAL owns main() or setup()/loop() and calls the two node functions below. Every function
 * that returns int gives 0 (or a count) on success and a negative tiny_status_t on failure. */
#ifndef TINY_HAL_H
#define TINY_HAL_H

#include "tiny.h"

#ifdef __cplusplus
extern "C" {
#define HAL_NORETURN [[noreturn]]
#else
#define HAL_NORETURN _Noreturn
#endif

/* A virtual board has no sensors and no clock: rows and time come from the host. */
#ifndef TINY_VIRTUAL
#define TINY_VIRTUAL 0
#endif

/* Bytes of memory that outlive a power cycle, on every board. Never written reads as 0xFF. */
#define HAL_PERSIST_BYTES 1024u

/* hal_gpio_mode */
#define HAL_INPUT        0u
#define HAL_OUTPUT       1u
#define HAL_INPUT_PULLUP 2u

/* The node (src/main.c): called once, then for ever; a step is one wake, sleep included. */
void tiny_node_setup(void);
void tiny_node_step(void);

void hal_init(void);

/* Seconds since boot; on a virtual board the virtual time. */
uint32_t hal_now(void);
/* A virtual board returns at once, with hal_now() == t. A t in the past returns at once. */
void hal_sleep_until(uint32_t t);
void hal_delay_ms(uint16_t ms);

/* The one byte stream: serial, or the pipe to the host. Read gives >= 1 bytes, 0 after
 * timeout_ms, < 0 when the other side is gone for good; a virtual board blocks instead. */
int hal_stream_write(const uint8_t *data, size_t n);
int hal_stream_read(uint8_t *data, size_t cap, uint32_t timeout_ms);

/* Pins are numbers of the board's own core. */
int hal_adc_mv(uint8_t pin, int32_t *mv);
int hal_gpio_mode(uint8_t pin, uint8_t mode);
int hal_gpio_write(uint8_t pin, bool high);
int hal_gpio_read(uint8_t pin, bool *high);
/* One high pulse of that length on an output, timed to a few us. */
int hal_pulse_out(uint8_t pin, uint16_t us);
/* A 10 us pulse on trigger, then the length of echo's high pulse; TINY_E_MISSING when none. */
int hal_pulse_us(uint8_t trigger, uint8_t echo, uint32_t timeout_us, uint32_t *us);
/* addr has 7 bits; write ends with a stop condition. */
int hal_i2c_write(uint8_t addr, const uint8_t *d, size_t n);
int hal_i2c_read(uint8_t addr, uint8_t *d, size_t n);

/* offset + n <= HAL_PERSIST_BYTES; a write changes only the bytes that differ. */
int hal_persist_read(uint16_t offset, void *d, size_t n);
int hal_persist_write(uint16_t offset, const void *d, size_t n);

/* Supply in mV; 0 unknown. */
uint16_t hal_battery_mv(void);
/* Feeds the watchdog (8 s at least); a node that stops calling it is reset. */
void hal_watchdog(void);
/* Deepest stack so far in bytes, by a painted canary; 0 unknown. */
uint32_t hal_stack_used(void);
/* Ends a virtual board with this code; a hardware board resets. */
HAL_NORETURN void hal_exit(int code);

#ifdef __cplusplus
}
#endif

#endif
