#include "rules.h"

static bool again(const tiny_rule_t TINY_ROM *rule, const tiny_rule_state_t *state,
                  tiny_kleene_t when, uint32_t now) {
    return rule->repeat_s != 0 && when == TINY_TRUE && now - state->fired >= rule->repeat_s;
}

tiny_rule_event_t tiny_rule_step(const tiny_rule_t TINY_ROM *rule, tiny_rule_state_t *state,
                                 tiny_kleene_t when, tiny_kleene_t clear, uint32_t now) {
    if (state->active) {
        if (clear == TINY_TRUE) {
            state->active = false;
            state->streak = 0;
            return TINY_RULE_CLEARED;
        }
        if (again(rule, state, when, now)) {
            state->fired = now;
            return TINY_RULE_REPEATED;
        }
        return TINY_RULE_QUIET;
    }
    if (state->streak == TINY_RULE_RESTS) {
        if (clear == TINY_TRUE) {
            state->streak = 0;
        }
        if (!again(rule, state, when, now)) {
            return TINY_RULE_QUIET;
        }
        state->active = true;
        state->fired = now;
        return TINY_RULE_FIRED;
    }
    if (when != TINY_TRUE) {
        state->streak = 0;
        return TINY_RULE_QUIET;
    }
    if (++state->streak < rule->for_samples) {
        return TINY_RULE_QUIET;
    }
    state->active = true;
    state->fired = now;
    return TINY_RULE_FIRED;
}

void tiny_rule_dismiss(tiny_rule_state_t *state) {
    state->active = false;
    state->streak = TINY_RULE_RESTS;
}
