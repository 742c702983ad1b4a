/* The last rows of a model's int8 inputs, the oldest first: what a network over time looks at.
 *
 * The rows slide down by one for each sample, so that the model reads them where they lie; a ring
 * would spare that move and cost a second buffer to put the rows in order. */
#ifndef TINY_HISTORY_H
#define TINY_HISTORY_H

#include <string.h>

#include "tiny.h"

/* Makes room for the newest of `most` rows of `width` bytes, and returns where it goes. */
static inline int8_t *tiny_history_next(int8_t *buffer, uint16_t most, uint8_t width) {
    memmove(buffer, buffer + width, ((size_t)most - 1u) * width);
    return buffer + ((size_t)most - 1u) * width;
}

/* The newest row is there. The first one, or the first after a gap, stands for those before it,
 * too: as if all had been as it is. `filled` is false at the start and set to false by a sample
 * without a row, since none may follow a gap. */
static inline void tiny_history_entered(int8_t *buffer, bool *filled, uint16_t most,
                                        uint8_t width) {
    const int8_t *newest = buffer + ((size_t)most - 1u) * width;
    for (uint16_t i = 0; !*filled && i + 1u < most; i++) {
        memcpy(buffer + (size_t)i * width, newest, width);
    }
    *filled = true;
}

/* Whether this sample enters: the first, and then every `hop`-th. `wait` is zero at the start. */
static inline bool tiny_history_due(uint16_t *wait, uint16_t hop) {
    const bool due = *wait == 0u;
    *wait = (uint16_t)(due ? hop - 1u : *wait - 1u);
    return due;
}

#endif
