/* What a node must know of its past: how often it has started, which day it was.
 *
 * Two copies with a CRC each; a write goes to the older one, so that a power cut costs at most the
 * news. Written once a boot and once a day: an AVR's 100,000 write cycles a cell last centuries. */
#ifndef TINY_JOURNAL_H
#define TINY_JOURNAL_H

#include "memory.h"

typedef struct {
    uint32_t boot; /* from 1 */
    int16_t day;   /* since planting, as last written */
    uint16_t turn; /* of the last write: its parity says which copy */
} tiny_journal_t;

/* Reads the past and counts this boot; `least` is a boot known from elsewhere (the outbox), in
 * case both copies were lost. On TINY_E_IO the journal is usable, but nothing was kept. */
tiny_status_t tiny_journal_open(tiny_journal_t *j, const tiny_memory_t *memory, uint32_t least);

/* Writes the day if it is another than last time. */
tiny_status_t tiny_journal_day(tiny_journal_t *j, const tiny_memory_t *memory, int32_t day);

#endif
