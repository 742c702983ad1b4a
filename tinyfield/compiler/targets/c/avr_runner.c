/* Runs an ATmega328P image on libsimavr: in.bin, out.bin and the cycle counter behind registers
 * GPIOR0 to GPIOR2 (see avr.c). usage: avr_runner image.elf max-megacycles */
#include <simavr/sim_avr.h>
#include <simavr/sim_core.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_io.h>

#include <stdio.h>
#include <stdlib.h>

enum { GPIOR0 = 0x3e, GPIOR1 = 0x4a, GPIOR2 = 0x4b };

static FILE *in_file;
static FILE *out_file;
static int done = -1;
static unsigned long long latched;
static int latched_byte;

static uint8_t on_read(struct avr_t *avr, avr_io_addr_t address, void *param) {
    (void)avr;
    (void)address;
    (void)param;
    const int byte = in_file != NULL ? fgetc(in_file) : EOF;
    if (byte == EOF) {
        done = 2;
        return 0;
    }
    return (uint8_t)byte;
}

static void on_write(struct avr_t *avr, avr_io_addr_t address, uint8_t value, void *param) {
    (void)avr;
    (void)address;
    (void)param;
    if (out_file == NULL) {
        out_file = fopen("out.bin", "wb");
    }
    if (out_file == NULL || fputc(value, out_file) == EOF) {
        done = 3;
    }
}

static void on_latch(struct avr_t *avr, avr_io_addr_t address, uint8_t value, void *param) {
    (void)address;
    (void)value;
    (void)param;
    latched = avr->cycle;
    latched_byte = 0;
}

static uint8_t on_ticks(struct avr_t *avr, avr_io_addr_t address, void *param) {
    (void)avr;
    (void)address;
    (void)param;
    return (uint8_t)(latched >> (8 * latched_byte++));
}

static void on_exit_code(struct avr_t *avr, avr_io_addr_t address, uint8_t value, void *param) {
    (void)avr;
    (void)address;
    (void)param;
    done = value;
}

int main(int argc, char **argv) {
    elf_firmware_t firmware = {0};
    if (argc != 3 || elf_read_firmware(argv[1], &firmware) != 0) {
        fprintf(stderr, "usage: avr_runner image.elf max-megacycles\n");
        return 64;
    }
    avr_t *avr = avr_make_mcu_by_name("atmega328p");
    if (avr == NULL) {
        return 65;
    }
    avr_init(avr);
    avr->log = LOG_ERROR;
    firmware.frequency = 16000000;
    avr_load_firmware(avr, &firmware);
    in_file = fopen("in.bin", "rb");
    avr_register_io_read(avr, GPIOR0, on_read, NULL);
    avr_register_io_write(avr, GPIOR0, on_write, NULL);
    avr_register_io_read(avr, GPIOR1, on_ticks, NULL);
    avr_register_io_write(avr, GPIOR1, on_latch, NULL);
    avr_register_io_write(avr, GPIOR2, on_exit_code, NULL);
    const unsigned long long limit = strtoull(argv[2], NULL, 10) * 1000000ull;
    while (done < 0) {
        const int state = avr_run(avr);
        if (state == cpu_Done || state == cpu_Crashed) {
            done = 4;
        } else if (avr->cycle > limit) {
            done = 5;
        }
    }
    if (out_file != NULL && fclose(out_file) != 0) {
        return 3;
    }
    return done;
}
