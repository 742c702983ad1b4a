#include "totals.h"
#include "harness.h"
#include "keep.h"

#define CELLS 256

static uint8_t cells[CELLS];
static long left = -1; /* bytes that can still be written before the power goes; -1: any number */

static int load(uint16_t offset, void *data, size_t n) {
    if (offset + n > CELLS) {
        abort();
    }
    memcpy(data, cells + offset, n);
    return 0;
}

static int store(uint16_t offset, const void *data, size_t n) {
    const uint8_t *from = data;
    if (offset + n > CELLS) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        if (left == 0) {
            return TINY_E_IO;
        }
        cells[offset + i] = from[i];
        left -= left > 0 ? 1 : 0;
    }
    return 0;
}

int main(void) {
    static const tiny_memory_t memory = {load, store};
    tiny_total_rule_t rule = {1, 0, 0};
    tiny_total_t total;
    tiny_day_t day = {0, 0, false};
    tiny_keep_t keep = {0, 0, 0, 0};
    tiny_total_begin(&total);
    while (next_line()) {
        const char *what = word();
        if (is(what, "total")) { /* total PER OVER AFTER: a new one, on a new day */
            rule.per_s = u32();
            rule.over = (uint16_t)number();
            rule.after = (uint16_t)number();
            tiny_total_begin(&total);
            day = (tiny_day_t){0, 0, false};
            printf("ok\n");
        } else if (is(what, "sample")) { /* sample VALUE|none SECONDS DATED NUMBER */
            const char *value = word();
            const tiny_num_t x = is(value, "none") ? TINY_NONE : strtoll(value, NULL, 10);
            const uint32_t seconds = u32();
            const bool dated = number() != 0;
            const bool ended = tiny_day_step(&day, dated, (int32_t)number());
            if (ended) {
                tiny_total_close(&total, &rule);
            }
            tiny_total_add(&total, x, seconds);
            day.length_s += seconds;
            printf("%d %d %d %d\n", ended, tiny_total_today(&total, &rule), total.yesterday,
                   tiny_total_usual(&total, &rule));
        } else if (is(what, "keep")) { /* keep SIGNATURE SIZE: what is in the cells */
            uint8_t data[CELLS] = {0};
            keep = (tiny_keep_t){u32(), 8, (uint16_t)number(), 0};
            const int status = tiny_keep_load(&keep, &memory, data);
            printf("%d ", status);
            put_hex(data, status == TINY_OK ? keep.size : 0);
            printf("\n");
        } else if (is(what, "put")) { /* put HEX: with LEFT bytes before the power goes */
            size_t n = 0;
            uint8_t *data = hex(&n);
            left = (long)number();
            keep.size = (uint16_t)n;
            printf("%d\n", tiny_keep_store(&keep, &memory, data));
            left = -1;
            free(data);
        } else { /* fill BYTE */
            memset(cells, (int)number(), sizeof cells);
            printf("ok\n");
        }
    }
    return 0;
}
