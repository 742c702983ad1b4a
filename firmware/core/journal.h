/* What a node must know of its past: how often it has started, which day it was.
 *
 * Eight records with a CRC each; a write goes to the oldest, so that a power cut costs at most the
 * news. Written once a boot and once a day: with an AVR's 100,000 write cycles a cell, even a
 * weak supply that restarts the node a hundred times a day wears it out only after 20 years. */
#ifndef TINY_JOURNAL_H
#define TINY_JOURNAL_H

#include "memory.h"

typedef struct {
    uint32_t boot; /* from 1 */
    int16_t day;   /* since planting, as last written */
    uint16_t turn; /* counts the writes; its low bits say which record */
} tiny_journal_t;

/* Reads the past and counts this boot; `least` is a boot known from elsewhere (the outbox), in
 * case the records were lost. On TINY_E_IO the journal is usable, but nothing was kept. */
tiny_status_t tiny_journal_open(tiny_journal_t *j, const tiny_memory_t *memory, uint32_t least);

/* Writes the day if it is another than last time. */
tiny_status_t tiny_journal_day(tiny_journal_t *j, const tiny_memory_t *memory, int32_t day);

#endif
