#include "interlock.h"
#include "number.h"

/* A return to safe-on that an exclusion prevents is tried again after this many seconds. */
#define RETRY_S 60u

static void change(tiny_interlock_t *k, uint8_t id, bool on, uint32_t now) {
    tiny_switch_t *s = &k->state[id];
    if (on && !s->on && k->limits[id].starts != 0) {
        s->starts++;
    }
    s->on = on;
    s->since = now;
    s->timed = false;
    k->drive(id, on, now);
}

/* Leaves the present state no later than `end`. */
static void leave_at(tiny_switch_t *s, uint32_t end) {
    s->timed = end != UINT32_MAX;
    s->until = end;
}

static bool excluded(const tiny_interlock_t *k, uint8_t id) {
    for (uint8_t i = 0; i < k->count; i++) {
        const unsigned mine = k->limits[id].excludes;
        const unsigned its = k->limits[i].excludes;
        const bool clash = (((mine >> i) | (its >> id)) & 1u) != 0;
        if (i != id && clash && k->state[i].on) {
            return true;
        }
    }
    return false;
}

static uint32_t longest_run(const tiny_interlock_t *k, uint8_t id) {
    const uint32_t most = k->limits[id].max_on_s;
    return most == 0 ? UINT32_MAX : tiny_later(k->state[id].since, most);
}

/* `now` may lie before the change: a node ticks by its running clock while it reads a burst, and
 * decides at the planned time. */
static bool rested(const tiny_interlock_t *k, uint8_t id, uint32_t now) {
    const uint32_t least = k->limits[id].min_off_s;
    return least == 0 || now >= tiny_later(k->state[id].since, least);
}

/* Often enough for today. */
static bool sated(const tiny_interlock_t *k, uint8_t id) {
    return k->limits[id].starts != 0 && k->state[id].starts >= k->limits[id].starts;
}

void tiny_interlock_new_day(tiny_interlock_t *k) {
    for (uint8_t i = 0; i < k->count; i++) {
        k->state[i].starts = 0;
    }
}

bool tiny_allowance_step(tiny_allowance_t *a, bool day_ended, uint32_t seconds) {
    const uint32_t left = a->since_s < TINY_ALLOWANCE_S ? TINY_ALLOWANCE_S - a->since_s : 0;
    a->since_s += seconds < left ? seconds : left;
    a->due = a->due || day_ended;
    if (!a->due || a->since_s < TINY_ALLOWANCE_S) {
        return false;
    }
    *a = (tiny_allowance_t){0, false};
    return true;
}

void tiny_interlock_begin(tiny_interlock_t *k, uint32_t now) {
    /* Off before on: an exclusion holds even while booting. */
    for (uint8_t i = 0; i < k->count; i++) {
        k->state[i].starts = 0;
        change(k, i, false, now);
    }
    for (uint8_t i = 0; i < k->count; i++) {
        if (k->limits[i].safe_on && !excluded(k, i)) {
            change(k, i, true, now);
            leave_at(&k->state[i], longest_run(k, i));
        }
    }
}

tiny_status_t tiny_interlock_request(tiny_interlock_t *k, uint8_t actuator, bool on,
                                     uint32_t seconds, uint32_t now) {
    if (actuator >= k->count) {
        return TINY_E_ARGUMENT;
    }
    tiny_interlock_tick(k, now);
    tiny_switch_t *s = &k->state[actuator];
    const bool safe = k->limits[actuator].safe_on;
    const uint32_t wanted = seconds == 0 || on == safe ? UINT32_MAX : tiny_later(now, seconds);
    if (!on) {
        if (s->on) {
            change(k, actuator, false, now);
        }
        leave_at(s, wanted);
        return TINY_OK;
    }
    uint32_t end = wanted;
    if (s->on) {
        const uint32_t planned = s->timed ? s->until : UINT32_MAX;
        end = planned > wanted ? planned : wanted;
    } else {
        if (!rested(k, actuator, now) || sated(k, actuator) || excluded(k, actuator)) {
            return TINY_E_BLOCKED;
        }
        change(k, actuator, true, now);
    }
    const uint32_t most = longest_run(k, actuator);
    leave_at(s, end < most ? end : most);
    return TINY_OK;
}

static bool due(const tiny_switch_t *s, uint32_t now) {
    return s->timed && now >= s->until;
}

void tiny_interlock_tick(tiny_interlock_t *k, uint32_t now) {
    /* What goes off makes room for what comes back. */
    for (uint8_t i = 0; i < k->count; i++) {
        if (k->state[i].on && due(&k->state[i], now)) {
            change(k, i, false, now);
        }
    }
    for (uint8_t i = 0; i < k->count; i++) {
        tiny_switch_t *s = &k->state[i];
        if (s->on || !due(s, now)) {
            continue;
        }
        if (!rested(k, i, now)) {
            s->until = tiny_later(s->since, k->limits[i].min_off_s);
        } else if (excluded(k, i)) {
            s->until = tiny_later(now, RETRY_S);
        } else {
            change(k, i, true, now);
            leave_at(s, longest_run(k, i));
        }
    }
}

uint32_t tiny_interlock_next(const tiny_interlock_t *k) {
    uint32_t next = UINT32_MAX;
    for (uint8_t i = 0; i < k->count; i++) {
        if (k->state[i].timed && k->state[i].until < next) {
            next = k->state[i].until;
        }
    }
    return next;
}
