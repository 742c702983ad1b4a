#include "outbox.h"
#include "harness.h"
#include "journal.h"

#define BYTES 1024

static uint8_t cells[BYTES];
static uint32_t wear[BYTES];
static long left = -1; /* bytes that can still be written before the power goes; -1: any number */
static uint8_t torn;   /* what the byte in hand becomes: 0 old, 1 erased, 2 new */
static bool backwards; /* avr-libc writes a block from its end */

static int load(uint16_t offset, void *data, size_t n) {
    if (offset + n > BYTES) {
        abort();
    }
    memcpy(data, cells + offset, n);
    return 0;
}

static int store(uint16_t offset, const void *data, size_t n) {
    const uint8_t *from = data;
    if (offset + n > BYTES) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        const size_t at = backwards ? n - 1 - i : i;
        if (cells[offset + at] == from[at]) {
            continue;
        }
        if (left == 0) {
            cells[offset + at] = torn == 0 ? cells[offset + at] : torn == 1 ? 0xFF : from[at];
            left = -2;
        }
        if (left == -2) {
            return TINY_E_IO; /* dead */
        }
        cells[offset + at] = from[at];
        wear[offset + at]++;
        left -= left > 0 ? 1 : 0;
    }
    return 0;
}

int main(void) {
    static const tiny_memory_t memory = {load, store};
    tiny_outbox_t box = {0};
    tiny_journal_t journal = {0};
    while (next_line()) {
        const char *what = word();
        if (is(what, "erase")) {
            memset(cells, (int)number(), sizeof cells);
            memset(wear, 0, sizeof wear);
            left = -1;
            printf("ok\n");
        } else if (is(what, "fill")) { /* arbitrary bytes from offset 0 */
            size_t n = 0;
            uint8_t *data = hex(&n);
            memcpy(cells, data, n < BYTES ? n : BYTES);
            free(data);
            printf("ok\n");
        } else if (is(what, "cut")) { /* cut BYTES TORN BACKWARDS */
            left = (long)number();
            torn = u8();
            backwards = number() != 0;
            printf("ok\n");
        } else if (is(what, "power")) {
            left = -1;
            printf("ok\n");
        } else if (is(what, "open")) {
            const uint32_t boot = tiny_outbox_open(&box, &memory, u8());
            printf("%u %u\n", boot, box.pending);
        } else if (is(what, "put")) {
            tiny_decision_t d = {0};
            d.boot = u32();
            d.seq = u32();
            d.hash = u32();
            d.clock = -5;
            d.t = d.seq * 600;
            d.rule = 3;
            d.why = 0xA55A;
            const int status = tiny_outbox_put(&box, &d);
            printf("%d %u %u\n", status, box.pending, box.dropped);
        } else if (is(what, "oldest")) {
            tiny_decision_t d = {0};
            const int status = tiny_outbox_oldest(&box, &d);
            if (status == TINY_OK && (d.clock != -5 || d.t != d.seq * 600 || d.why != 0xA55A)) {
                abort();
            }
            printf("%d %u %u %u\n", status, d.boot, d.seq, d.hash);
        } else if (is(what, "ack")) {
            const uint32_t boot = u32();
            const int status = tiny_outbox_acknowledge(&box, boot, u32());
            printf("%d %u\n", status, box.pending);
        } else if (is(what, "journal")) {
            const int status = tiny_journal_open(&journal, &memory, u32());
            printf("%d %u %d\n", status, journal.boot, journal.day);
        } else if (is(what, "day")) {
            printf("%d\n", tiny_journal_day(&journal, &memory, (int32_t)number()));
        } else if (is(what, "days")) { /* days N: that many writes, day 0 and 1 in turn */
            const int32_t n = (int32_t)number();
            int status = 0;
            for (int32_t i = 1; i <= n; i++) {
                status |= tiny_journal_day(&journal, &memory, i % 2);
            }
            printf("%d\n", status);
        } else {
            uint32_t most = 0;
            for (size_t i = 0; i < BYTES; i++) {
                most = wear[i] > most ? wear[i] : most;
            }
            printf("%u\n", most);
        }
    }
    return 0;
}
