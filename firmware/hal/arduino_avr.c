/* ATmega under Arduino: EEPROM, deep sleep on the watchdog's ticks, a supply that measures
 * itself, I2C by polling, the stack's high-water mark.
 * Source: Microchip, ATmega48A..328P datasheet (DS40002061B); sections in the comments. */
#if defined(__AVR__)

#include "arduino_chip.h"

#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>

#include <Arduino.h>

/* From avr-libc's linker script and crt: where .bss ends, where the stack starts. */
extern uint8_t __heap_start[];

#define STACK_PAINT 0xC5u

static void stack_paint(void) {
    uint8_t *p = __heap_start;
    const uint8_t *here = (const uint8_t *)(uintptr_t)SP;
    while (p + 16 < here) {
        *p++ = STACK_PAINT;
    }
}

uint32_t hal_stack_used(void) {
    const uint8_t *p = __heap_start;
    while (p < (const uint8_t *)RAMEND && *p == STACK_PAINT) {
        p++;
    }
    return (uint32_t)((const uint8_t *)RAMEND - p + 1);
}

/* After a watchdog reset the dog still runs, with its shortest period (section 11.9.2). */
void chip_before_main(void) __attribute__((naked, used, section(".init3")));
void chip_before_main(void) {
    MCUSR = 0;
    wdt_disable();
}

void chip_init(void) {
    stack_paint();
#if !TINY_VIRTUAL
    wdt_enable(WDTO_8S);
#endif
}

void hal_watchdog(void) {
    wdt_reset();
}

void chip_idle(void) {
    SMCR = SLEEP_MODE_IDLE | (1 << SE);
    sei(); /* as below: nothing comes between the two */
    sleep_cpu();
    SMCR = 0;
}

/* --- deep sleep: power-down until the watchdog barks ------------------------------------- */

static volatile bool dog_barked;
static uint32_t dog_us;      /* what its 64 ms take, measured with the crystal */
static uint8_t dog_measured; /* sleeps until it is measured again */

ISR(WDT_vect) {
    dog_barked = true;
}

/* An interrupt instead of a reset after 16 ms << period; leaves interrupts off. */
static void dog_start(uint8_t period) {
    const uint8_t dog = (uint8_t)((1 << WDIE) | ((period & 8) ? (1 << WDP3) : 0) | (period & 7));
    cli();
    dog_barked = false;
    wdt_disable();                     /* simavr takes a new period only from a stopped watchdog */
    WDTCSR = (1 << WDCE) | (1 << WDE); /* the next write counts only within four cycles */
    WDTCSR = dog;                      /* (section 11.9.2) */
}

/* Its oscillator is off by up to 10 % and drifts with the weather. */
static void dog_measure(void) {
    uint32_t start;
    dog_start(WDTO_60MS);
    sei();
    start = micros();
    while (!dog_barked) {
    }
    dog_us = micros() - start;
}

/* Power-down for the longest watchdog period that fits. */
uint32_t chip_sleep_ms(uint32_t ms) {
    uint8_t period = WDTO_8S;
    uint8_t adc;
    uint8_t timer0;
    uint32_t takes;
    if (dog_measured-- == 0u) {
        dog_measure();
        wdt_enable(WDTO_8S);
        return 0u; /* millis() counted that */
    }
    takes = (dog_us << (WDTO_8S - WDTO_60MS)) / 1000u;
    while (takes > ms && period > WDTO_60MS) {
        period--;
        takes /= 2u;
    }
    if (takes > ms) {
        delay(ms);
        return 0u;
    }
    adc = ADCSRA;
    timer0 = TCCR0B;
    dog_start(period);
    ADCSRA = 0; /* the converter draws current in every sleep mode */
    TCCR0B = 0; /* millis() stands still, as power-down makes it anyway */
    SMCR = SLEEP_MODE_PWR_DOWN | (1 << SE);
    while (!dog_barked) { /* a pin's interrupt may wake it early */
        sleep_bod_disable();
        sei(); /* the instruction after sei is run before any interrupt (section 7.7) */
        sleep_cpu();
        cli();
    }
    sei();
    SMCR = 0;
    TCCR0B = timer0;
    ADCSRA = adc;
    wdt_enable(WDTO_8S);
    return takes;
}

/* The supply against the 1.1 V reference inside the chip (section 24.6). */
static uint16_t supply_mv(void) {
#if defined(TINY_VREF_MV)
    return TINY_VREF_MV;
#else
    ADMUX = (1 << REFS0) | 0x0E;
    delay(2); /* the reference needs time to settle (table 29-16) */
    ADCSRA |= (1 << ADSC);
    while (ADCSRA & (1 << ADSC)) {
    }
    {
        const uint16_t reading = ADC;
        return reading ? (uint16_t)(1100UL * 1024UL / reading) : 0u;
    }
#endif
}

int chip_adc_mv(uint8_t pin, int32_t *mv) {
    const uint16_t supply = supply_mv();
    (void)analogRead(pin); /* the first reading after a change of channel is off */
    *mv = (int32_t)(((uint32_t)analogRead(pin) * supply + 512u) / 1024u);
    return supply ? TINY_OK : TINY_E_IO;
}

uint16_t hal_battery_mv(void) {
#if TINY_VIRTUAL
    return 0u;
#else
    return supply_mv();
#endif
}

int hal_persist_read(uint16_t offset, void *d, size_t n) {
    if (n > HAL_PERSIST_BYTES || offset > HAL_PERSIST_BYTES - n) {
        return TINY_E_ARGUMENT;
    }
    eeprom_read_block(d, (const void *)(uintptr_t)offset, n);
    return TINY_OK;
}

int hal_persist_write(uint16_t offset, const void *d, size_t n) {
    if (n > HAL_PERSIST_BYTES || offset > HAL_PERSIST_BYTES - n) {
        return TINY_E_ARGUMENT;
    }
    eeprom_update_block(d, (void *)(uintptr_t)offset, n);
    return TINY_OK;
}

/* --- I2C master by polling, 100 kHz (section 22.7) -------------------------------------- */

enum {
    TWI_START = 0x08,
    TWI_RESTART = 0x10,
    TWI_SLA_W = 0x18,
    TWI_DATA_W = 0x28,
    TWI_SLA_R = 0x40
};

/* One bus action; the status of the hardware, 0 when a part holds the bus for over 10 ms. */
static uint8_t twi(uint8_t action) {
    uint16_t patience = 10000u;
    TWCR = (uint8_t)((1 << TWINT) | (1 << TWEN) | action);
    while (!(TWCR & (1 << TWINT))) {
        if (--patience == 0u) {
            return 0u;
        }
        delayMicroseconds(1);
    }
    return TWSR & 0xF8u;
}

static void twi_stop(void) {
    TWCR = (1 << TWINT) | (1 << TWEN) | (1 << TWSTO);
}

static bool twi_begin(uint8_t address_and_read) {
    uint8_t status;
    if (TWBR == 0u) {
        digitalWrite(SDA, HIGH); /* weak pull-ups, for boards whose parts bring none */
        digitalWrite(SCL, HIGH);
        TWBR = (uint8_t)((F_CPU / 100000UL - 16UL) / 2UL);
    }
    status = twi(1 << TWSTA);
    if (status != TWI_START && status != TWI_RESTART) {
        return false;
    }
    TWDR = address_and_read;
    status = twi(0u);
    return status == ((address_and_read & 1u) ? TWI_SLA_R : TWI_SLA_W);
}

int hal_i2c_write(uint8_t addr, const uint8_t *d, size_t n) {
    bool good = twi_begin((uint8_t)(addr << 1));
    while (good && n-- > 0u) {
        TWDR = *d++;
        good = twi(0u) == TWI_DATA_W;
    }
    twi_stop();
    return good ? TINY_OK : TINY_E_IO;
}

int hal_i2c_read(uint8_t addr, uint8_t *d, size_t n) {
    bool good = twi_begin((uint8_t)((addr << 1) | 1));
    while (good && n-- > 0u) {
        good = twi(n > 0u ? 1 << TWEA : 0u) != 0u; /* the last byte is not acknowledged */
        *d++ = TWDR;
    }
    twi_stop();
    return good ? TINY_OK : TINY_E_IO;
}

void hal_exit(int code) {
#if TINY_VIRTUAL
    GPIOR0 = (uint8_t)code; /* simavr's runner reads it once the core sleeps deaf */
    delay(2);               /* the last bytes leave by interrupt */
    cli();
    SMCR = SLEEP_MODE_PWR_DOWN | (1 << SE);
    sleep_cpu();
#else
    (void)code;
    wdt_enable(WDTO_15MS);
#endif
    for (;;) {
    }
}

#endif
