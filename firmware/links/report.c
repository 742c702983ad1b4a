#include "report.h"
#include "hal.h"
#include "number.h"

/* For a bridge, a broker and a commit to disk. */
#define WAIT_MS 2000u

#define REST_S      60u
#define REST_S_MOST 3600u

/* Whether the gateway has not yet said that it stored the decision; a word of a neighbour that
 * overtook its answer does not say so. */
static bool unstored(const tiny_report_parts_t *parts, const tiny_decision_t *d) {
    tiny_decision_t next;
    return tiny_outbox_oldest(parts->outbox, &next) == TINY_OK && next.boot == d->boot &&
           next.seq == d->seq;
}

/* One message up, what comes down is acted on; true if it answers the message, which is about
 * that decision unless it is null. */
static bool exchange(const tiny_report_parts_t *parts, size_t n, const tiny_decision_t *d) {
    const uint32_t now = hal_now();
    const uint32_t deadline = parts->deadline(); /* anew: a command may have set one */
    const uint32_t left = deadline > now ? deadline - now : 0;
    tiny_bytes_t down;
    if (n == 0 || left < 2 || tiny_link_send(parts->frame, n) != TINY_OK) {
        return false;
    }
    const uint32_t wait = left > WAIT_MS / 1000u ? WAIT_MS : (left - 1u) * 1000u;
    const uint32_t until = hal_now() + wait / 1000u;
    do {
        if (tiny_link_await(parts->frame, wait, until, &down) != TINY_OK || !parts->heard(&down)) {
            return false;
        }
        if (d == NULL || !unstored(parts, d)) {
            return true;
        }
    } while (!TINY_VIRTUAL); /* its host gives one answer */
    return false;
}

/* Seconds since a decision; of one from an earlier boot at least this boot's, and more if the
 * calendar knows. */
static uint32_t age_of(const tiny_decision_t *d, const tiny_report_parts_t *parts, uint32_t t) {
    if (d->boot == parts->health->boot) {
        return t - d->t;
    }
    const int64_t apart = (int64_t)tiny_clock_at(parts->clock, t) - d->clock;
    return apart > t ? (uint32_t)apart : t;
}

static bool send_birth(const tiny_report_parts_t *parts) {
    uint8_t *out = tiny_frame_begin(parts->frame);
    return exchange(parts, tiny_wire_birth(out, TINY_WIRE_MAX, parts->health, parts->hash), NULL);
}

static bool send_heartbeat(const tiny_report_parts_t *parts) {
    uint8_t *out = tiny_frame_begin(parts->frame);
    return exchange(parts, tiny_wire_heartbeat(out, TINY_WIRE_MAX, parts->health), NULL);
}

/* The oldest decision; true once the gateway has it. */
static bool send_decision(const tiny_report_parts_t *parts, const tiny_decision_t *d, uint32_t t) {
    uint8_t *out = tiny_frame_begin(parts->frame);
    const size_t n = tiny_wire_decision(out, TINY_WIRE_MAX, d, age_of(d, parts, t), 0);
    return exchange(parts, n, d);
}

static bool send_all(tiny_report_t *r, const tiny_report_parts_t *parts, uint32_t t) {
    tiny_decision_t d;
    if (r->birth_due && !send_birth(parts)) {
        return false;
    }
    r->birth_due = false;
    while (tiny_outbox_oldest(parts->outbox, &d) == TINY_OK) {
        if (!send_decision(parts, &d, t)) {
            return false;
        }
    }
    if (r->heartbeat_due && !send_heartbeat(parts)) {
        return false;
    }
    r->heartbeat_due = false;
    return true;
}

void tiny_report(tiny_report_t *r, const tiny_report_parts_t *parts, uint32_t t) {
    if (t < r->retry_at) {
        return;
    }
    if (send_all(r, parts, t)) {
        r->misses = 0;
        return;
    }
    const uint32_t rest = r->misses < 6 ? REST_S << r->misses : REST_S_MOST;
    r->misses = (uint8_t)(r->misses + (r->misses < 255 ? 1 : 0));
    r->retry_at = tiny_later(t, rest);
}
