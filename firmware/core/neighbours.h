/* What other nodes have decided, as the gateway tells it.
 *
 * A word counts for a while only: a neighbour that falls silent is neither active nor inactive but
 * unknown. Nothing of it outlives a reset: a word from before it may be older than it looks. */
#ifndef TINY_NEIGHBOURS_H
#define TINY_NEIGHBOURS_H

#include "wire.h"

#define TINY_AHEAD_S 60u /* how far clocks may differ */

/* A neighbour as the app states it. */
typedef struct {
    uint32_t expires_s;
    uint8_t channel; /* that its word is the reading of */
} tiny_neighbour_rule_t;

/* The word held of one. All zero: none yet. */
typedef struct {
    uint32_t heard; /* UTC at which the neighbour last said so */
    uint32_t until; /* the node's second from which it no longer counts */
    bool active;
} tiny_neighbour_t;

/* Takes a word at the node's second t. `hash` is of the node's own manifest, `now` UTC by its own
 * clock, 0 if that is not set; the later of it and the word's own epoch is when the word came, so
 * that one which was long on its way, or is played back, is as old as it is.
 *
 * TINY_E_ARGUMENT: of another manifest, or of a neighbour that is not there. TINY_E_MISSING: said
 * no later than what is held, older than `expires_s`, or from the future. Then nothing changes. */
tiny_status_t tiny_neighbour_hear(tiny_neighbour_t *neighbours,
                                  const tiny_neighbour_rule_t TINY_ROM *rules, uint8_t count,
                                  uint32_t hash, const tiny_word_t *word, uint32_t now, uint32_t t);

/* In hundredths, as the driver neighbour has it: 100 active, 0 not, TINY_MISSING unknown at t. */
int32_t tiny_neighbour_reading(const tiny_neighbour_t *neighbour, uint32_t t);

#endif
