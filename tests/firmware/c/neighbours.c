#include "neighbours.h"
#include "harness.h"

/* Words in, readings out; the neighbours' memory is a heap block of exactly their number. */
int main(void) {
    static tiny_neighbour_rule_t rules[8];
    tiny_neighbour_t *held = NULL;
    uint8_t count = 0;
    uint32_t hash = 0;
    while (next_line()) {
        const char *what = word();
        if (is(what, "begin")) { /* hash, then expires_s of each */
            hash = u32();
            count = u8();
            free(held);
            held = calloc(count > 0 ? count : 1, sizeof *held);
            for (uint8_t i = 0; i < count; i++) {
                rules[i] = (tiny_neighbour_rule_t){.expires_s = u32(), .channel = i};
            }
            printf("0\n");
        } else if (is(what, "hear")) { /* t, now, hash, neighbour, active, heard, epoch */
            const uint32_t t = u32();
            const uint32_t now = u32();
            tiny_word_t said = {0};
            said.hash = u32();
            said.neighbour = u8();
            said.active = u8() != 0;
            said.heard = u32();
            said.epoch = u32();
            printf("%d\n", tiny_neighbour_hear(held, rules, count, hash, &said, now, t));
        } else { /* read t */
            const uint32_t t = u32();
            for (uint8_t i = 0; i < count; i++) {
                printf("%" PRId32 " ", tiny_neighbour_reading(&held[i], t));
            }
            printf("\n");
        }
    }
    free(held);
    return 0;
}
