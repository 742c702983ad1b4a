/* The last word on every actuator, below rules and commands alike: a maximum on-time, a minimum
 * off-time, so many times a day, mutual exclusion, a safe state at boot. Nothing else in the
 * firmware drives one.
 *
 * The minimum off-time counts from the boot too, so that a node that restarts over and over does
 * not switch a pump over and over. All times are the node's own: no date that it is told moves
 * one. */
#ifndef TINY_INTERLOCK_H
#define TINY_INTERLOCK_H

#include "tiny.h"

#define TINY_ACTUATORS_MAX 8

/* An actuator's limits as the app states them; seconds, 0: none. */
typedef struct {
    uint32_t max_on_s;
    uint32_t min_off_s;
    uint8_t excludes; /* bit i: never on together with actuator i */
    bool safe_on;     /* its state at boot, and after a timed request */
    uint8_t starts;   /* most times that it goes on in a day; 0: any number, and if safe_on */
} tiny_limit_t;

typedef struct {
    uint32_t since; /* in its present state */
    uint32_t until; /* to be left then, if timed */
    bool on;
    bool timed;
    uint8_t starts; /* today; counted only where they are limited */
} tiny_switch_t;

typedef struct {
    const tiny_limit_t TINY_ROM *limits;
    tiny_switch_t *state; /* one an actuator */
    uint8_t count;
    void (*drive)(uint8_t actuator, bool on, uint32_t now); /* switches the real thing */
} tiny_interlock_t;

/* Boot: everything into its safe state, nothing started today. */
void tiny_interlock_begin(tiny_interlock_t *k, uint32_t now);

/* Asks for a state, for so many seconds (0: open end), after which the safe state returns. On
 * while on never shortens a run and never stretches it past the limit that began with it.
 * TINY_E_BLOCKED: too soon after it went off, often enough today, or one that excludes it is on.
 * TINY_E_ARGUMENT: no such actuator. */
tiny_status_t tiny_interlock_request(tiny_interlock_t *k, uint8_t actuator, bool on,
                                     uint32_t seconds, uint32_t now);

/* A new day, on which everything may start as often as its limit says. Only where
 * tiny_allowance_step() says so. */
void tiny_interlock_new_day(tiny_interlock_t *k);

/* The date comes by downlink, and one that is wrong, replayed or forged must give nobody one start
 * more. So a day's starts are given anew when a local day ends, but never before so much of the
 * node's own running time as this since they last were: 20 h, for a clock that runs a sixth slow,
 * or a node that is off for four hours a day, has its days too. */
#define TINY_ALLOWANCE_S 72000u

/* Outlives a reset. To begin with: {TINY_ALLOWANCE_S, false}. */
typedef struct {
    uint32_t since_s; /* running time since starts were given anew; held at TINY_ALLOWANCE_S */
    bool due;         /* a day has ended since */
} tiny_allowance_t;

/* So many seconds have run, and a day may have ended: whether starts are given anew. */
bool tiny_allowance_step(tiny_allowance_t *a, bool day_ended, uint32_t seconds);

/* Does what has fallen due. */
void tiny_interlock_tick(tiny_interlock_t *k, uint32_t now);

/* When tiny_interlock_tick() must be called next; UINT32_MAX: never. */
uint32_t tiny_interlock_next(const tiny_interlock_t *k);

#endif
