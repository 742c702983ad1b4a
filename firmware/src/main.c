/* A node's life: wake, sense, feature, infer, decide, act, report, sleep. All that moves the node's
 * one struct stands here, which takes more than 400 lines.
 *
 * Everything app-specific is in the generated app.c; everything board-specific behind hal.h. Time
 * is planned time: a step happens "at" the second it was planned for, however late the board woke
 * up, so that the same readings give the same decisions on every board. */
#include "app.h"
#include "bytes.h"
#include "fast.h"
#include "hal.h"
#include "journal.h"
#if APP_KEEPS
#include "keep.h"
#endif
#include "number.h"
#include "rows.h"
#include "links/report.h"

#include <string.h>

#define ROOM(n) ((n) > 0 ? (n) : 1)

#define WAITING_MOST 16 /* downlinks at a time: more are no gateway's */

static struct {
    uint32_t t;            /* this wake */
    uint32_t sample_at;    /* the next sample */
    uint32_t heartbeat_at; /* the next heartbeat */
    uint32_t seq;          /* of the next decision */
    int32_t channel[ROOM(APP_CHANNELS)];
    app_features_t features;
#if APP_FAST > 0
    tiny_fast_t fast;
    uint8_t frames_ahead; /* pieces that a virtual board's host is sending */
#endif
    app_history_t history;
    tiny_verdict_t verdict[ROOM(APP_MODELS)];
    int32_t value[ROOM(APP_VALUES)];
#if APP_PAST > 0
    int32_t past[APP_PAST];
#endif
    tiny_rule_state_t rule[ROOM(APP_RULES)];
    tiny_switch_t actuator[ROOM(APP_ACTUATORS)];
#if APP_ASKS > 0
    tiny_case_t cases[APP_ASKS];
#endif
#if APP_NEIGHBOURS > 0
    tiny_neighbour_t neighbour[APP_NEIGHBOURS];
#endif
    tiny_interlock_t interlock;
    tiny_outbox_t outbox;
    tiny_journal_t journal;
    tiny_clock_t clock;
    tiny_report_t report;
    tiny_health_t health;
    tiny_frame_t frame;
#if APP_KEEPS
    tiny_keep_t keep;
    uint32_t kept_at; /* when the day was last written */
    struct {
        tiny_day_t day;
        tiny_allowance_t allowance;
        tiny_total_t total[ROOM(APP_TOTALS)];
        uint8_t starts[ROOM(APP_ACTUATORS)];
    } kept;
#endif
    _Alignas(4) uint8_t arena[ROOM(APP_ARENA_BYTES)];
} node;

_Static_assert(
    sizeof node <= APP_NODE_BYTES_MOST,
    "the node's state does not fit this board: fewer or shorter windows, a smaller model");

static const tiny_memory_t memory = {hal_persist_read, hal_persist_write};

/* What the days need of the lasting memory; the outbox has the rest. */
#if APP_KEEPS
#define KEEP_BYTES TINY_KEEP_BYTES(sizeof node.kept)
_Static_assert(TINY_OUTBOX_AT + 4u * TINY_OUTBOX_SLOT + KEEP_BYTES <= HAL_PERSIST_BYTES,
               "the totals leave no room for decisions");
#else
#define KEEP_BYTES 0u
#endif

#if TINY_VIRTUAL
static const tiny_stream_t stream = {hal_stream_write, hal_stream_read};
#endif

static uint16_t more(uint16_t count, uint16_t by) {
    return (uint16_t)(count > UINT16_MAX - by ? UINT16_MAX : count + by);
}

/* --- act ----------------------------------------------------------------------------------- */

#if APP_KEEPS
/* Whether something went on since the starts of today were last kept. */
static bool count_starts(void) {
    const uint8_t actuators = APP_ACTUATORS;
    bool news = false;
    for (uint8_t i = 0; i < actuators; i++) {
        news = news || node.kept.starts[i] != node.actuator[i].starts;
        node.kept.starts[i] = node.actuator[i].starts;
    }
    return news;
}
#endif

/* What the interlock calls, and nobody else. A start is written down before the motor draws its
 * current: the reset that this may bring about gives nobody one more. */
static void drive(uint8_t actuator, bool on, uint32_t now) {
#if APP_KEEPS
    const bool recalled = node.keep.size != 0; /* at boot the safe states come first */
    if (recalled && on && count_starts()) {
        (void)tiny_keep_store(&node.keep, &memory, &node.kept);
    }
#endif
    app_drive(actuator, on);
#if TINY_VIRTUAL
    (void)tiny_virtual_act(&stream, now, actuator, on);
#else
    (void)now;
#endif
}

/* The rule's actions for this label; returns the outcome's flag. */
static uint8_t act(uint8_t rule, uint8_t label) {
    const uint8_t first = app_rules[rule].first_action;
    const uint8_t count = app_rules[rule].actions;
    uint8_t outcome = 0;
    for (uint8_t i = 0; i < count; i++) {
        const tiny_action_t TINY_ROM *a = &app_actions[first + i];
        if (a->label != TINY_ANY_LABEL && a->label != label) {
            continue;
        }
        const tiny_status_t done =
            tiny_interlock_request(&node.interlock, a->actuator, a->on, a->seconds, node.t);
        if (done != TINY_OK) {
            outcome = TINY_FLAG_BLOCKED;
        } else if (outcome == 0) {
            outcome = TINY_FLAG_DONE;
        }
    }
    return outcome;
}

/* --- tell ---------------------------------------------------------------------------------- */

/* One more decision for the outbox; what fails is counted there as dropped. Returns its number. */
static uint32_t tell(uint8_t rule, tiny_verdict_t verdict, uint8_t flags, uint16_t why) {
    const tiny_decision_t decision = {
        .boot = node.journal.boot,
        .seq = node.seq++,
        .hash = APP_MANIFEST_HASH,
        .t = node.t,
        .clock = tiny_clock_at(&node.clock, node.t),
        .rule = rule,
        .label = verdict.label,
        .score = verdict.score,
        .flags = (uint8_t)(flags | (node.clock.set ? TINY_FLAG_CLOCK : 0)),
        .battery_mv = node.health.battery_mv,
        .why = why,
    };
    (void)tiny_outbox_put(&node.outbox, &decision);
    return decision.seq;
}

/* --- settle -------------------------------------------------------------------------------- */

#if APP_ASKS > 0
static uint8_t case_of(uint8_t rule) {
    for (uint8_t i = 0; i < APP_ASKS; i++) {
        if (app_asks[i].rule == rule) {
            return i;
        }
    }
    return TINY_NO_CASE;
}

/* Whether the rule, having fired, asks the edge before it acts. */
static bool asks(uint8_t rule, const app_view_t *view) {
    return case_of(rule) != TINY_NO_CASE && app_rule_asks(rule, view) == TINY_TRUE;
}

static void pass_up(uint8_t rule, tiny_verdict_t verdict, uint16_t why, uint32_t seq) {
    const uint8_t i = case_of(rule);
    node.cases[i] = (tiny_case_t){.seq = seq,
                                  .until = tiny_later(node.t, app_asks[i].wait_s),
                                  .why = why,
                                  .label = verdict.label,
                                  .score = verdict.score,
                                  .open = true};
}

/* The case is judged, by the edge or by the node alone. */
static void settle(uint8_t i, uint8_t how, bool yes) {
    tiny_case_t *c = &node.cases[i];
    const uint8_t rule = app_asks[i].rule;
    uint8_t flags = how;
    c->open = false;
    if (yes) {
        flags = (uint8_t)(flags | TINY_FLAG_ACTIVE | act(rule, c->label));
    } else {
        tiny_rule_dismiss(&node.rule[rule]);
    }
    (void)tell(rule, (tiny_verdict_t){c->label, c->score}, flags, c->why);
}

static bool settle_overdue(void) {
    bool any = false;
    for (uint8_t i = tiny_case_due(node.cases, APP_ASKS, node.t); i != TINY_NO_CASE;
         i = tiny_case_due(node.cases, APP_ASKS, node.t)) {
        settle(i, TINY_FLAG_ALONE, app_asks[i].act);
        any = true;
    }
    return any;
}
#endif

/* --- hear ---------------------------------------------------------------------------------- */

#if APP_NEIGHBOURS > 0
/* UTC by the node's own clock; 0 while it is not set. */
static uint32_t utc(void) {
    if (!node.clock.set) {
        return 0;
    }
    return (uint32_t)((int64_t)APP_PLANTED + tiny_clock_at(&node.clock, node.t));
}

/* The epoch that dates a word sets no clock: it may have waited on the line. */
static void hear_neighbour(const tiny_word_t *word) {
    (void)tiny_neighbour_hear(node.neighbour, app_neighbours, APP_NEIGHBOURS, APP_MANIFEST_HASH,
                              word, utc(), node.t);
}
#endif

/* Does what a downlink says; false if it is malformed. */
static bool hear(const tiny_bytes_t *bytes) {
    tiny_downlink_t down;
#if APP_NEIGHBOURS > 0
    tiny_word_t word;
    if (tiny_wire_downlink(bytes->data, bytes->n, &down, &word) != TINY_OK) {
        return false;
    }
    if (word.said) {
        down.has_epoch = false;
        hear_neighbour(&word);
    }
#else
    if (tiny_wire_downlink(bytes->data, bytes->n, &down, NULL) != TINY_OK) {
        return false;
    }
#endif
    if (down.has_mark) {
        (void)tiny_outbox_acknowledge(&node.outbox, down.boot, down.seq);
    }
    if (down.has_epoch) {
        tiny_clock_set(&node.clock, node.t, down.epoch, APP_PLANTED);
    }
    if (down.has_command) {
        (void)tiny_interlock_request(&node.interlock, down.actuator, down.on, down.seconds, node.t);
    }
#if APP_ASKS > 0
    if (down.has_answer && down.case_boot == node.journal.boot) {
        const uint8_t i = tiny_case_asked(node.cases, APP_ASKS, down.case_seq);
        if (i != TINY_NO_CASE) {
            settle(i, TINY_FLAG_EDGE, down.yes);
        }
    }
#endif
    return true;
}

/* What came while the node slept, before it samples. */
static void hear_waiting(void) {
    tiny_bytes_t down;
    for (uint8_t i = 0; i < WAITING_MOST && tiny_link_poll(&node.frame, &down) == TINY_OK; i++) {
        (void)hear(&down);
    }
}

#if TINY_VIRTUAL
static void hear_frame(const uint8_t *payload, size_t n) {
    (void)hear(&(tiny_bytes_t){payload, n});
}

#if APP_TOTALS > 0
/* What a scenario begins with, ahead of the first row: total u8, epoch u32 (0: nobody tells the
 * date), seconds of today so far u32; today, yesterday and usual, i32. It is kept at once, as the
 * node itself would have. */
static void recall(const uint8_t *payload, size_t n) {
    if (n != 21u || payload[0] >= APP_TOTALS) {
        return;
    }
    const uint8_t i = payload[0];
    const uint32_t epoch = tiny_get32(payload + 1);
    const uint32_t day_s = tiny_get32(payload + 5);
    const int32_t today = tiny_get_i32(payload + 9);
    tiny_total_recall(&node.kept.total[i], &app_totals[i], day_s, today, tiny_get_i32(payload + 13),
                      tiny_get_i32(payload + 17));
    if (today != TINY_MISSING) {
        tiny_clock_t clock = node.clock; /* the link may be down: the day is the host's */
        tiny_clock_set(&clock, node.t, epoch, APP_PLANTED);
        node.kept.day = (tiny_day_t){day_s, tiny_clock_day(&clock, node.t), epoch != 0};
    }
    (void)tiny_keep_store(&node.keep, &memory, &node.kept);
}
#endif
#endif

/* --- sense --------------------------------------------------------------------------------- */

#if APP_FAST > 0
/* A burst may take long: the watchdog is fed, and no actuator waits for its end. */
static void meanwhile(void) {
    hal_watchdog();
#if !TINY_VIRTUAL
    const uint32_t now = hal_now();
    tiny_interlock_tick(&node.interlock, now > node.t ? now : node.t);
#endif
}
#endif

static void sense_own(void) {
    app_sense(node.channel);
#if APP_FAST > 0
    tiny_fast_sense(&node.fast, tiny_fast_own, meanwhile, &node.features, node.channel);
#endif
}

#if TINY_VIRTUAL
static const tiny_host_t host = {
    &stream, &node.frame, &node.health.battery_mv, hear_frame,
#if APP_TOTALS > 0
    recall,
#else
    NULL,
#endif
};

/* Whether the host gave values; the end of its rows, or of its patience, is the node's end. */
static bool answered(tiny_row_t row) {
    if (row == TINY_ROW_VALUES || row == TINY_ROW_SENSE) {
        return row == TINY_ROW_VALUES;
    }
    const uint8_t code = row == TINY_ROW_END ? 0 : 1;
    (void)tiny_virtual_exit(&stream, code, hal_stack_used());
    hal_exit(code);
}

#if APP_FAST > 0
/* Of one sensor, all pieces of a burst are asked for at once, but for an AVR's: its serial buffer
 * holds less than two. */
#if APP_FAST == 1 && !defined(__AVR__)
#define PIECES_AHEAD 255
#else
#define PIECES_AHEAD 1
#endif

static tiny_status_t host_frames(uint8_t fast, uint16_t at, int16_t *values, uint8_t n) {
    const uint16_t left = (uint16_t)((app_fast[fast].frames - at - 1) / app_fast[fast].piece + 1);
    const uint8_t pieces = (uint8_t)(left < PIECES_AHEAD ? left : PIECES_AHEAD);
    (void)answered(
        tiny_virtual_frames(&host, node.t, fast, at, values, n, pieces, &node.frames_ahead));
    return TINY_OK;
}
#endif

static void sense(void) {
    if (!answered(tiny_virtual_row(&host, node.t, node.channel, APP_CHANNELS))) {
        sense_own();
        return;
    }
#if APP_FAST > 0
    tiny_fast_sense(&node.fast, host_frames, meanwhile, &node.features, node.channel);
#endif
}
#else
static void sense(void) {
    sense_own();
}
#endif

#if APP_NEIGHBOURS > 0
/* Whatever pins or a virtual board's host say, a neighbour is what was heard of it. */
static void sense_neighbours(void) {
    for (uint8_t i = 0; i < APP_NEIGHBOURS; i++) {
        node.channel[app_neighbours[i].channel] =
            tiny_neighbour_reading(&node.neighbour[i], node.t);
    }
}
#endif

/* A sensor with a channel that gave no reading is faulty at this sample. */
static void count_faults(void) {
    const uint8_t count = APP_CHANNELS;
    uint16_t mask = 0;
    for (uint8_t i = 0; i < count; i++) {
        const uint16_t bit = (uint16_t)(1u << app_channel_sensor[i]);
        if (node.channel[i] == TINY_MISSING && (mask & bit) == 0) {
            mask |= bit;
            node.health.faults = more(node.health.faults, 1);
        }
    }
    node.health.fault_mask = mask;
}

/* --- count --------------------------------------------------------------------------------- */

#if APP_KEEPS
#define KEEP_S 3600u

/* Before a sample is decided on: a day may have ended. Adds what the view shows, or a gap. */
static void count_day(const app_view_t *view, uint32_t t) {
    const bool ended =
        tiny_day_step(&node.kept.day, node.clock.set, tiny_clock_day(&node.clock, t));
    const bool anew = tiny_allowance_step(&node.kept.allowance, ended, APP_SAMPLE_S);
    if (anew) {
        tiny_interlock_new_day(&node.interlock);
    }
    if (ended || anew) {
        node.kept_at = t - KEEP_S; /* to be written at once */
    }
#if APP_TOTALS > 0
    for (uint8_t i = 0; i < APP_TOTALS; i++) {
        if (ended) {
            tiny_total_close(&node.kept.total[i], &app_totals[i]);
        }
        tiny_total_add(&node.kept.total[i], view == NULL ? TINY_NONE : app_total_value(i, view),
                       APP_SAMPLE_S);
    }
#else
    (void)view;
#endif
    node.kept.day.length_s += APP_SAMPLE_S;
}

/* Once an hour and at a day's end. */
static void keep_day(uint32_t t) {
    if (t - node.kept_at >= KEEP_S) {
        (void)count_starts(); /* a new day has none */
        node.kept_at = t;
        (void)tiny_keep_store(&node.keep, &memory, &node.kept);
    }
}

static void recall_day(void) {
    const uint8_t actuators = APP_ACTUATORS;
    node.keep = (tiny_keep_t){APP_KEEP_SIGNATURE, (uint16_t)(HAL_PERSIST_BYTES - KEEP_BYTES),
                              sizeof node.kept, 0};
    if (tiny_keep_load(&node.keep, &memory, &node.kept) != TINY_OK) {
        memset(&node.kept, 0, sizeof node.kept);
        node.kept.allowance.since_s = TINY_ALLOWANCE_S;
#if APP_TOTALS > 0
        for (uint8_t i = 0; i < APP_TOTALS; i++) {
            tiny_total_begin(&node.kept.total[i]);
        }
#endif
    }
    for (uint8_t i = 0; i < actuators; i++) {
        node.actuator[i].starts = node.kept.starts[i];
    }
}
#endif

/* --- decide -------------------------------------------------------------------------------- */

static void decide(uint8_t rule, const app_view_t *view) {
    tiny_rule_state_t *state = &node.rule[rule];
    uint16_t why = 0;
    const tiny_kleene_t when = app_rule_when(rule, view, &why);
    const tiny_kleene_t clear = app_rule_clear(rule, view, when);
    const tiny_rule_event_t event = tiny_rule_step(&app_rules[rule], state, when, clear, node.t);
    if (event == TINY_RULE_QUIET) {
        return;
    }
    const uint8_t model = app_rules[rule].model;
    const tiny_verdict_t plain = {state->active ? 1 : 0, 255};
    tiny_verdict_t verdict = model == TINY_NO_MODEL ? plain : node.verdict[model];
#if APP_LEVELS
    verdict.label = app_rule_level(rule, view, verdict.label);
#endif
#if APP_ASKS > 0
    const uint8_t asked = case_of(rule);
    if (asked != TINY_NO_CASE && node.cases[asked].open) {
        if (event == TINY_RULE_REPEATED) {
            return; /* it has asked, and waits */
        }
        node.cases[asked].open = false; /* over before it was answered */
    }
    if (state->active && asks(rule, view)) {
        pass_up(rule, verdict, why, tell(rule, verdict, TINY_FLAG_ACTIVE | TINY_FLAG_ASKED, why));
        return;
    }
#endif
    uint8_t flags = 0;
    if (state->active) {
        flags |= TINY_FLAG_ACTIVE;
        if (event == TINY_RULE_REPEATED) {
            flags |= TINY_FLAG_REPEAT;
        }
        flags |= act(rule, verdict.label);
    }
    (void)tell(rule, verdict, flags, why);
}

static void sample(void) {
    const uint8_t rules = APP_RULES;
    const tiny_when_t when = tiny_clock_when(&node.clock, node.t, APP_DATE);
    node.health.battery_mv = hal_battery_mv();
    sense();
#if APP_NEIGHBOURS > 0
    sense_neighbours();
#endif
    node.health.samples++;
    count_faults();
    app_features_push(&node.features, node.channel);
    app_remember(&node.features, &when, &node.history);
    app_infer(&node.features, &when, &node.history, node.arena, node.verdict, node.value);
#if APP_PAST > 0
    app_past(&node.features, node.past);
#endif
    const app_view_t view = {
        .channel = node.channel,
        .verdict = node.verdict,
        .value = node.value,
        .rule = node.rule,
#if APP_PAST > 0
        .past = node.past,
#endif
#if APP_TOTALS > 0
        .total = node.kept.total,
#endif
        .when = when,
        .battery_mv = node.health.battery_mv == 0 ? TINY_MISSING : node.health.battery_mv,
    };
#if APP_KEEPS
    count_day(&view, node.t);
#endif
    for (uint8_t i = 0; i < rules; i++) {
        decide(i, &view);
    }
#if APP_KEEPS
    keep_day(node.t);
#endif
    (void)tiny_journal_day(&node.journal, &memory, when.day);
}

/* --- report -------------------------------------------------------------------------------- */

static uint32_t earlier(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static uint32_t next_wake(void) {
    return earlier(tiny_interlock_next(&node.interlock), node.sample_at);
}

/* An actuator's deadline is hard; a sample may wait for one more answer. */
static uint32_t report_until(void) {
    const uint32_t due = tiny_interlock_next(&node.interlock);
    const uint32_t patient = node.sample_at > node.t ? tiny_later(node.sample_at, 3) : UINT32_MAX;
    return earlier(due, patient);
}

/* Bit i: rule i of the first 32 is active; one that waits for the edge is not settled yet. */
static uint32_t active_rules(void) {
    uint32_t active = 0;
    for (uint8_t i = APP_RULES < 32 ? APP_RULES : 32; i-- > 0;) {
        active <<= 1;
        if (node.rule[i].active) {
            active |= 1u;
        }
    }
#if APP_ASKS > 0
    for (uint8_t i = 0; i < APP_ASKS; i++) {
        if (node.cases[i].open && app_asks[i].rule < 32) {
            active &= ~((uint32_t)1 << app_asks[i].rule);
        }
    }
#endif
    return active;
}

static void report(void) {
    node.health.flags = node.clock.set ? TINY_FLAG_CLOCK : 0;
    node.health.active = active_rules();
    node.health.backlog = node.outbox.pending;
    node.health.dropped = node.outbox.dropped;
    const tiny_report_parts_t parts = {
        .frame = &node.frame,
        .outbox = &node.outbox,
        .clock = &node.clock,
        .health = &node.health,
        .hash = APP_MANIFEST_HASH,
        .heard = hear,
        .deadline = report_until,
    };
    tiny_report(&node.report, &parts, node.t);
}

/* --- wake and sleep ------------------------------------------------------------------------ */

/* Whether the clock of sensors that never pause paces the samples: nothing to sleep for. */
static bool paced(void) {
#if APP_FAST > 0
    return tiny_fast_paces(&node.fast);
#else
    return false;
#endif
}

/* Where that clock is slower than the node's, a second now and then has no sample; where it is
 * faster, one has two. */
static void keep_pace(void) {
    const uint32_t now = hal_now();
    while (now > node.sample_at && now - node.sample_at >= APP_SAMPLE_S) {
        node.sample_at += APP_SAMPLE_S;
    }
    if (now < node.t) {
        node.sample_at = node.t;
    }
}

/* Samples that a slow link or a stalled sensor made the node miss are gaps, not stretched time. */
static void skip_missed(void) {
    const uint8_t count = APP_CHANNELS;
    const uint32_t now = hal_now();
    while (now > node.sample_at && now - node.sample_at >= APP_SAMPLE_S) {
        for (uint8_t i = 0; i < count; i++) {
            node.channel[i] = TINY_MISSING;
        }
        app_features_push(&node.features, node.channel);
        const tiny_when_t when = tiny_clock_when(&node.clock, node.sample_at, APP_DATE);
        app_remember(&node.features, &when, &node.history);
#if APP_KEEPS
        count_day(NULL, node.sample_at);
#endif
        node.sample_at += APP_SAMPLE_S;
        hal_watchdog();
    }
}

void tiny_node_setup(void) {
    node.interlock = (tiny_interlock_t){app_limits, node.actuator, APP_ACTUATORS, drive};
    tiny_interlock_begin(&node.interlock, 0); /* before anything that could fail */
    hal_watchdog();
    tiny_frame_init(&node.frame);
    app_features_init(&node.features);
    const uint32_t seen =
        tiny_outbox_open(&node.outbox, &memory, TINY_OUTBOX_SLOTS(HAL_PERSIST_BYTES - KEEP_BYTES));
    (void)tiny_journal_open(&node.journal, &memory, seen);
    tiny_clock_begin(&node.clock, node.journal.day);
#if APP_KEEPS
    recall_day(); /* after the interlock began: how often things went on today */
#endif
    node.health.boot = node.journal.boot;
    node.health.node = app_node_id;
    node.health.battery_mv = hal_battery_mv();
    node.heartbeat_at = APP_HEARTBEAT_S;
    node.report.birth_due = true;
    report(); /* the birth; its answer brings the date before the first sample needs it */
}

void tiny_node_step(void) {
    hal_watchdog();
    tiny_interlock_tick(&node.interlock, node.t);
    if (node.t >= node.sample_at) {
        hear_waiting();
        sample();
        node.sample_at += APP_SAMPLE_S;
        if (APP_HEARTBEAT_S != 0 && node.t >= node.heartbeat_at) {
            node.heartbeat_at = node.t + APP_HEARTBEAT_S;
            node.report.heartbeat_due = true;
        }
        report();
#if APP_ASKS > 0
        if (settle_overdue()) { /* nor has this report brought an answer */
            report();
        }
#endif
        if (paced()) {
            keep_pace();
        } else {
            skip_missed();
        }
    }
    node.t = next_wake();
    if (!paced()) {
        hal_sleep_until(node.t);
    }
}
