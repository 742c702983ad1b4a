/* What becomes of a rule's truth over time: for N samples, active, again every so often, clear. */
#ifndef TINY_RULES_H
#define TINY_RULES_H

#include "kleene.h"

#define TINY_NO_MODEL 0xFFu

/* A rule as the app states it. */
typedef struct {
    uint32_t repeat_s;    /* fires again while it stays true; 0: once an activation */
    uint16_t for_samples; /* consecutive samples that `when` must be true; 1 at least */
    uint8_t model;        /* whose label and score it reports, or TINY_NO_MODEL */
    uint8_t first_action; /* its actions are actions[first_action .. first_action + actions) */
    uint8_t actions;
} tiny_rule_t;

/* What a rule asks of an actuator when it fires. */
typedef struct {
    uint32_t seconds; /* 0: until something else is asked, or the limit */
    uint8_t actuator;
    uint8_t label; /* only with this label, or TINY_ANY_LABEL */
    bool on;
} tiny_action_t;

#define TINY_ANY_LABEL 0xFEu

#define TINY_RULE_RESTS UINT16_MAX

typedef struct {
    uint32_t fired;  /* when it last did */
    uint16_t streak; /* samples in a row that `when` was true; TINY_RULE_RESTS: dismissed */
    bool active;
} tiny_rule_state_t;

typedef enum {
    TINY_RULE_QUIET,
    TINY_RULE_FIRED,
    TINY_RULE_REPEATED,
    TINY_RULE_CLEARED
} tiny_rule_event_t;

/* One sample at time `now`. `when` fires only if true, `clear` ends only if true; unknown does
 * neither, and breaks a streak. */
tiny_rule_event_t tiny_rule_step(const tiny_rule_t TINY_ROM *rule, tiny_rule_state_t *state,
                                 tiny_kleene_t when, tiny_kleene_t clear, uint32_t now);

/* It was judged to be nothing: inactive, and quiet until `clear` has been true, or `repeat_s` since
 * it fired have passed. */
void tiny_rule_dismiss(tiny_rule_state_t *state);

#endif
