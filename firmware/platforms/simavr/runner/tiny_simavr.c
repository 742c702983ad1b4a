/* Runs an AVR image on libsimavr with stdin and stdout as its UART and virtual time.
 *
 *   tiny_simavr [--mcu NAME] [--freq HZ] [--stats] [--free] IMAGE.elf
 *
 * Simulated time stands still while the firmware waits (idle sleep) for bytes that the host has
 * not sent yet, so the cycle counts of two runs are equal; every other sleep is skipped, not
 * waited for. With --free time also passes while the firmware waits for bytes, unless the host
 * owes it an answer to a frame: for images of the hardware board, which keep their own time.
 * EEPROM is persist.bin in the working directory.
 * The run ends when the firmware sleeps with interrupts off, with the code that it left in GPIOR0,
 * or at the end of stdin. Exit codes of its own: 64 usage, 65 not an image for this chip, 70 the
 * AVR crashed. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <simavr/avr_eeprom.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>

#define PERSIST_FILE  "persist.bin"
#define PERSIST_BYTES 1024u
#define REG_GPIOR0    0x3Eu /* data addresses of the ATmega48..328 (datasheet, section 36) */
#define REG_SMCR      0x53u
#define SMCR_MODE     0x0Eu /* 0 = idle */
#define REG_UCSR0B    0xC1u
#define UCSR0B_UDRIE  0x20u /* Arduino's Serial still has bytes to send */
#define VECTOR_RX     18u

enum { EXIT_USAGE = 64, EXIT_IMAGE = 65, EXIT_CRASH = 70 };

typedef struct {
    avr_t *avr;
    avr_irq_t *rx;
    uint8_t in[512];
    size_t in_at, in_end;
    uint8_t out[512];
    size_t out_end;
    uint32_t given, taken; /* bytes put on the wire; bytes that the firmware took off it */
    bool rx_full;
    bool free;     /* time passes in idle sleep, too */
    bool owed;     /* a frame went out, and nothing has come since */
    bool finished; /* the host closed the stream or asked us to stop */
    uint8_t persist[PERSIST_BYTES];
    avr_cycle_count_t slept, silent;
} runner_t;

/* One: the callbacks of libsimavr's sleep and logger carry no parameter of ours. */
static runner_t runner;
static volatile sig_atomic_t stop_asked;

static void on_signal(int number) {
    (void)number;
    stop_asked = 1;
}

static void log_to_stderr(avr_t *avr, const int level, const char *format, va_list arguments) {
    (void)avr;
    if (level <= LOG_ERROR) {
        vfprintf(stderr, format, arguments);
    }
}

/* The EEPROM as libsimavr holds it. */
static uint8_t *eeprom(runner_t *r) {
    avr_eeprom_desc_t all = {.ee = NULL, .offset = 0, .size = PERSIST_BYTES};
    (void)avr_ioctl(r->avr, AVR_IOCTL_EEPROM_GET, &all); /* -1 even when it worked (1.6) */
    return all.ee;
}

static void persist_load(runner_t *r) {
    avr_eeprom_desc_t all = {.ee = r->persist, .offset = 0, .size = PERSIST_BYTES};
    int fd = open(PERSIST_FILE, O_RDONLY);
    memset(r->persist, 0xFF, sizeof r->persist);
    if (fd >= 0) {
        if (read(fd, r->persist, sizeof r->persist) < 0) {
            perror(PERSIST_FILE);
        }
        close(fd);
    }
    avr_ioctl(r->avr, AVR_IOCTL_EEPROM_SET, &all);
}

/* Before the host learns anything new, so that even a kill loses nothing it was told of. */
static void persist_save(runner_t *r) {
    const uint8_t *now = eeprom(r);
    int fd;
    if (now == NULL || memcmp(now, r->persist, sizeof r->persist) == 0) {
        return;
    }
    memcpy(r->persist, now, sizeof r->persist);
    fd = open(PERSIST_FILE, O_WRONLY | O_CREAT, 0644);
    if (fd < 0 || write(fd, r->persist, sizeof r->persist) != (ssize_t)sizeof r->persist) {
        perror(PERSIST_FILE);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void out_flush(runner_t *r) {
    size_t at = 0;
    persist_save(r);
    while (at < r->out_end) {
        ssize_t n = write(STDOUT_FILENO, r->out + at, r->out_end - at);
        if (n < 0 && errno == EINTR && !stop_asked) {
            continue;
        }
        if (n <= 0) {
            r->finished = true;
            break;
        }
        at += (size_t)n;
    }
    r->out_end = 0;
}

static void on_byte_out(avr_irq_t *irq, uint32_t value, void *param) {
    runner_t *r = param;
    (void)irq;
    r->out[r->out_end++] = (uint8_t)value;
    if (value == 0u || r->out_end == sizeof r->out) { /* a frame ends with a zero */
        r->owed = value == 0u;
        out_flush(r);
    }
}

static void in_feed(runner_t *r) {
    while (r->in_at < r->in_end && !r->rx_full) {
        r->given++;
        avr_raise_irq(r->rx, r->in[r->in_at++]);
    }
}

static void on_xon(avr_irq_t *irq, uint32_t value, void *param) {
    runner_t *r = param;
    (void)irq;
    (void)value;
    r->rx_full = false;
    in_feed(r);
}

static void on_xoff(avr_irq_t *irq, uint32_t value, void *param) {
    runner_t *r = param;
    (void)irq;
    (void)value;
    r->rx_full = true;
}

/* Blocks until the host says something; a free runner only looks, if no answer is due. */
static void in_wait(runner_t *r) {
    struct pollfd host = {.fd = STDIN_FILENO, .events = POLLIN};
    ssize_t n;
    out_flush(r);
    if (r->free && !r->owed && poll(&host, 1, 0) <= 0) {
        return;
    }
    do {
        n = read(STDIN_FILENO, r->in, sizeof r->in);
    } while (n < 0 && errno == EINTR && !stop_asked);
    if (n <= 0) {
        r->finished = true;
        return;
    }
    r->owed = false;
    r->in_at = 0;
    r->in_end = (size_t)n;
    in_feed(r);
}

static void on_rx_interrupt(avr_irq_t *irq, uint32_t value, void *param) {
    runner_t *r = param;
    (void)irq;
    if (value != 0u) { /* the handler starts: it takes one byte */
        r->taken++;
        r->silent = 0;
    }
}

/* libsimavr calls this in every sleep, before it moves its clock on by that many cycles. Idle
 * with nothing on the wire in either direction means that the firmware waits for the host. */
static void on_sleep(avr_t *avr, avr_cycle_count_t cycles) {
    runner_t *r = &runner;
    r->slept += cycles;
    r->silent += cycles;
    if ((avr->data[REG_SMCR] & SMCR_MODE) != 0u || (avr->data[REG_UCSR0B] & UCSR0B_UDRIE) != 0u) {
        return;
    }
    /* A byte that the chip lost would leave the count short for ever: 20 ms of silence count. */
    if (r->taken == r->given || r->silent > avr->frequency / 50u) {
        r->taken = r->given;
        r->silent = 0;
        in_wait(r);
    }
}

static void uart_connect(runner_t *r) {
    uint32_t flags = 0;
    avr_ioctl(r->avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
    flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POOL_SLEEP);
    avr_ioctl(r->avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    r->rx = avr_io_getirq(r->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(r->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT),
                            on_byte_out, r);
    avr_irq_register_notify(avr_io_getirq(r->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON),
                            on_xon, r);
    avr_irq_register_notify(avr_io_getirq(r->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF),
                            on_xoff, r);
    avr_irq_register_notify(avr_get_interrupt_irq(r->avr, VECTOR_RX) + AVR_INT_IRQ_RUNNING,
                            on_rx_interrupt, r);
}

static int run(runner_t *r, bool stats) {
    int state = cpu_Running;
    while (!r->finished && !stop_asked && state != cpu_Done && state != cpu_Crashed) {
        state = avr_run(r->avr);
    }
    out_flush(r);
    if (stats) {
        fprintf(stderr, "cycles %llu active %llu\n", (unsigned long long)r->avr->cycle,
                (unsigned long long)(r->avr->cycle - r->slept));
    }
    if (state == cpu_Crashed) {
        fprintf(stderr, "the AVR crashed at pc %#x\n", (unsigned)r->avr->pc);
        return EXIT_CRASH;
    }
    return state == cpu_Done ? r->avr->data[REG_GPIOR0] : 0;
}

int main(int argc, char **argv) {
    const char *mcu = "atmega328p";
    const char *image = NULL;
    uint32_t frequency = 16000000u;
    bool stats = false;
    elf_firmware_t firmware = {0};
    struct sigaction action = {.sa_handler = on_signal};
    int code;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--stats") == 0) {
            stats = true;
        } else if (strcmp(argv[i], "--free") == 0) {
            runner.free = true;
        } else if (strcmp(argv[i], "--mcu") == 0 && i + 1 < argc) {
            mcu = argv[++i];
        } else if (strcmp(argv[i], "--freq") == 0 && i + 1 < argc) {
            frequency = (uint32_t)strtoul(argv[++i], NULL, 10);
        } else if (argv[i][0] != '-' && image == NULL) {
            image = argv[i];
        } else {
            image = NULL;
            break;
        }
    }
    if (image == NULL) {
        fprintf(stderr, "usage: tiny_simavr [--mcu NAME] [--freq HZ] [--stats] [--free] "
                        "IMAGE.elf\n");
        return EXIT_USAGE;
    }

    avr_global_logger_set(log_to_stderr);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);

    if (elf_read_firmware(image, &firmware) != 0 || firmware.flashsize == 0u) {
        fprintf(stderr, "%s: no AVR image\n", image);
        return EXIT_IMAGE;
    }
    runner.avr = avr_make_mcu_by_name(mcu);
    if (runner.avr == NULL || avr_init(runner.avr) != 0) {
        fprintf(stderr, "%s: no such chip in libsimavr\n", mcu);
        return EXIT_IMAGE;
    }
    if (firmware.flashsize > runner.avr->flashend + 1u) {
        fprintf(stderr, "%s: %u bytes do not fit the flash of %s\n", image, firmware.flashsize,
                mcu);
        return EXIT_IMAGE;
    }
    firmware.frequency = frequency;
    avr_load_firmware(runner.avr, &firmware);
    runner.avr->frequency = frequency;
    runner.avr->sleep = on_sleep;
    runner.avr->run_cycle_limit = 2000u; /* instructions in a row between timers: a third quicker */
    persist_load(&runner);
    uart_connect(&runner);
    code = run(&runner, stats);
    avr_terminate(runner.avr);
    return code;
}
