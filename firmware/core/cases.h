/* Cases that a rule is not sure of: passed up to the edge, and settled by its answer or, when that
 * does not come in time, by the node itself. A case lives in RAM: after a reset its rule decides
 * anew. */
#ifndef TINY_CASES_H
#define TINY_CASES_H

#include "tiny.h"

#define TINY_NO_CASE 0xFFu

/* A rule that may ask, as the app states it. */
typedef struct {
    uint32_t wait_s; /* for the edge's answer */
    uint8_t rule;
    bool act; /* what the node does without one: the rule's actions, or nothing */
} tiny_ask_t;

typedef struct {
    uint32_t seq;   /* of the decision that asked, in this boot */
    uint32_t until; /* the node settles it by itself at the first sample from then on */
    uint16_t why;
    uint8_t label;
    uint8_t score;
    bool open;
} tiny_case_t;

/* The open case that asked with that number; TINY_NO_CASE if none did. */
uint8_t tiny_case_asked(const tiny_case_t *cases, uint8_t n, uint32_t seq);

/* An open case whose time is up at `now`; TINY_NO_CASE if there is none. */
uint8_t tiny_case_due(const tiny_case_t *cases, uint8_t n, uint32_t now);

#endif
