/* A block of bytes that outlives a reset: two copies, written in turn, each with a CRC, so that a
 * power cut during a write costs at most that write. A copy that an app with another layout wrote
 * is not taken for one's own: the CRC covers a signature of the layout.
 *
 * The node writes once an hour, at a day's end, and before an actuator with so many times a day
 * goes on. Once an hour alone, an AVR's cell, good for 100,000 writes, is written every other hour
 * and lasts 22 years; with ten starts a day 16. */
#ifndef TINY_KEEP_H
#define TINY_KEEP_H

#include "memory.h"

/* Memory that a block of so many bytes takes. */
#define TINY_KEEP_BYTES(size) (2u * ((size) + 4u))

typedef struct {
    uint32_t signature;
    uint16_t at;   /* offset of the first copy */
    uint16_t size; /* of the block */
    uint16_t turn; /* counts the writes; its lowest bit says which copy */
} tiny_keep_t;

/* Reads the newer good copy. On an error `data` holds nothing of use, and later stores work. */
tiny_status_t tiny_keep_load(tiny_keep_t *k, const tiny_memory_t *memory, void *data);

tiny_status_t tiny_keep_store(tiny_keep_t *k, const tiny_memory_t *memory, const void *data);

#endif
