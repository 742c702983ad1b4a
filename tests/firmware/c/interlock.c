#include "interlock.h"
#include "harness.h"

static tiny_limit_t limits[TINY_ACTUATORS_MAX];
static tiny_switch_t state[TINY_ACTUATORS_MAX];
static tiny_interlock_t k;
static tiny_allowance_t allowance;

/* What the real things do, and in which order. */
static bool real[TINY_ACTUATORS_MAX];

static void drive(uint8_t actuator, bool on, uint32_t now) {
    real[actuator] = on;
    printf("%u:%d:%u ", actuator, on, now);
}

int main(void) {
    while (next_line()) {
        const char *what = word();
        int status = 0;
        if (is(what, "begin")) { /* begin NOW then max_on min_off excludes safe starts of each */
            const uint32_t now = u32();
            memset(state, 0xA5, sizeof state);
            k = (tiny_interlock_t){limits, state, 0, drive};
            for (const char *at = word(); *at != '\0'; at = word()) {
                tiny_limit_t *l = &limits[k.count];
                l->max_on_s = (uint32_t)strtoul(at, NULL, 10);
                l->min_off_s = u32();
                l->excludes = u8();
                l->safe_on = number() != 0;
                l->starts = u8();
                k.count++;
            }
            tiny_interlock_begin(&k, now);
        } else if (is(what, "request")) {
            const uint8_t id = u8();
            const bool on = number() != 0;
            const uint32_t seconds = u32();
            status = tiny_interlock_request(&k, id, on, seconds, u32());
        } else if (is(what, "day")) {
            tiny_interlock_new_day(&k);
        } else if (is(what, "allow")) { /* allow ENDED SECONDS; "allow begin": as at first */
            const char *at = word();
            if (is(at, "begin")) {
                allowance = (tiny_allowance_t){TINY_ALLOWANCE_S, false};
            } else {
                const bool ended = is(at, "1");
                status = tiny_allowance_step(&allowance, ended, u32());
            }
        } else {
            tiny_interlock_tick(&k, u32());
        }
        for (uint8_t i = 0; i < k.count; i++) {
            if (state[i].on != real[i]) {
                abort();
            }
        }
        printf("| %d %u\n", status, tiny_interlock_next(&k));
    }
    return 0;
}
