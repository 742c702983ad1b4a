#include "wire.h"
#include "harness.h"

int main(void) {
    static uint8_t out[128];
    while (next_line()) {
        const char *what = word();
        if (is(what, "downlink")) {
            size_t n = 0;
            uint8_t *data = hex(&n);
            tiny_downlink_t d;
            tiny_word_t word;
            tiny_downlink_t alone; /* as a node without neighbours reads it */
            const tiny_status_t status = tiny_wire_downlink(data, n, &d, &word);
            const tiny_status_t without = tiny_wire_downlink(data, n, &alone, NULL);
            const tiny_downlink_t none = {0};
            const tiny_word_t nothing = {0};
            if (status != TINY_OK) {
                const bool empty =
                    memcmp(&d, &none, sizeof d) == 0 && memcmp(&word, &nothing, sizeof word) == 0;
                printf("%s\n", empty ? "bad" : "bad but not empty");
            } else if (without != TINY_OK || memcmp(&d, &alone, sizeof d) != 0) {
                printf("otherwise without neighbours\n");
            } else {
                printf("%d %u %u %d %u %d %u %d %u ", d.has_mark, d.boot, d.seq, d.has_epoch,
                       d.epoch, d.has_command, d.actuator, d.on, d.seconds);
                printf("%d %u %u %d ", d.has_answer, d.case_boot, d.case_seq, d.yes);
                printf("%d %u %d %u %u %u\n", word.said, word.neighbour, word.active, word.heard,
                       word.hash, word.epoch);
            }
            free(data);
            continue;
        }
        const size_t cap = (size_t)number();
        size_t n = 0;
        if (is(what, "decision")) {
            tiny_decision_t d = {0};
            d.boot = u32();
            d.seq = u32();
            const uint32_t age = u32();
            d.rule = u8();
            d.label = u8();
            d.score = u8();
            d.flags = u8();
            d.battery_mv = (uint16_t)number();
            d.hash = u32();
            d.why = (uint16_t)number();
            n = tiny_wire_decision(out, cap, &d, age, u32());
        } else {
            tiny_health_t h = {0};
            h.boot = u32();
            h.flags = u8();
            h.battery_mv = (uint16_t)number();
            h.backlog = u8();
            const uint32_t hash = u32();
            h.samples = u32();
            h.faults = (uint16_t)number();
            h.dropped = (uint16_t)number();
            h.fault_mask = (uint16_t)number();
            h.active = u32();
            h.node = word();
            n = is(what, "birth") ? tiny_wire_birth(out, cap, &h, hash)
                                  : tiny_wire_heartbeat(out, cap, &h);
        }
        put_hex(out, n);
        printf("\n");
    }
    return 0;
}
