/* The last rows of a model's int8 inputs, the oldest first: what a network over time looks at.
 *
 * The rows slide down by one for each sample, so that the model reads them where they lie; a ring
 * would spare that move and cost a second buffer to put the rows in order. */
#ifndef TINY_HISTORY_H
#define TINY_HISTORY_H

#include <string.h>

#include "tiny.h"

/* Makes room for the newest of `most` rows of `width` bytes, and returns where it goes. `rows` is
 * how many there are; a caller without a row writes 0 there, since none may follow a gap. */
static inline int8_t *tiny_history_next(int8_t *buffer, uint16_t *rows, uint16_t most,
                                        uint8_t width) {
    memmove(buffer, buffer + width, ((size_t)most - 1u) * width);
    if (*rows < most) {
        *rows = (uint16_t)(*rows + 1u);
    }
    return buffer + ((size_t)most - 1u) * width;
}

/* Whether this sample enters: the first, and then every `hop`-th. `wait` is zero at the start. */
static inline bool tiny_history_due(uint16_t *wait, uint16_t hop) {
    const bool due = *wait == 0u;
    *wait = (uint16_t)(due ? hop - 1u : *wait - 1u);
    return due;
}

#endif
