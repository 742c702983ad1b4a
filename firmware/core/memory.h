/* Memory that outlives a power cycle, as the core sees it: 0 or a negative status. A write may be
 * cut by a power failure after any byte; on an AVR a cut byte reads as before, as 0xFF or as
 * meant. */
#ifndef TINY_MEMORY_H
#define TINY_MEMORY_H

#include "tiny.h"

typedef struct {
    int (*read)(uint16_t offset, void *data, size_t n);
    int (*write)(uint16_t offset, const void *data, size_t n);
} tiny_memory_t;

/* Who has which bytes. */
#define TINY_JOURNAL_AT 0u
#define TINY_OUTBOX_AT  96u

#endif
