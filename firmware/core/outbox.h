/* Decisions that the gateway has not yet confirmed, in memory that outlives a power cycle.
 *
 * A ring of slots, each with a CRC. Order of writes: the content goes into a slot marked as
 * acknowledged, then one byte makes it pending; that byte is the commit, and each of its two
 * values survives a cut write. An acknowledgement clears it again. So each slot's cells are
 * written twice a turn of the ring: with 29 slots, 100,000 cycles and 20 decisions a day, an AVR's
 * EEPROM lasts 190 years.
 *
 * When the ring is full the oldest entry gives way, and is counted (entries acknowledged out of
 * order leave holes that count as full until the tail has passed them). Entries of an earlier boot
 * stay until they are acknowledged under their own number. */
#ifndef TINY_OUTBOX_H
#define TINY_OUTBOX_H

#include "memory.h"
#include "wire.h"

#define TINY_OUTBOX_SLOT 31u /* bytes */

/* Slots that fit into so many bytes of memory, journal included. */
#define TINY_OUTBOX_SLOTS(bytes) (((bytes)-TINY_OUTBOX_AT) / TINY_OUTBOX_SLOT)

typedef struct {
    const tiny_memory_t *memory;
    uint16_t dropped; /* since the boot: gave way unsent, or could not be written */
    uint8_t slots;    /* at most 255 */
    uint8_t head;     /* where the next entry goes */
    uint8_t tail;     /* the oldest pending entry, if any is */
    uint8_t pending;
} tiny_outbox_t;

/* Finds what an earlier boot left behind; returns the latest boot seen in it, 0 if none. */
uint32_t tiny_outbox_open(tiny_outbox_t *box, const tiny_memory_t *memory, uint8_t slots);

/* Keeps a decision. (boot, seq) must be larger than those before. */
tiny_status_t tiny_outbox_put(tiny_outbox_t *box, const tiny_decision_t *d);

/* The oldest pending decision: TINY_OK, or TINY_E_MISSING when there is none. */
tiny_status_t tiny_outbox_oldest(tiny_outbox_t *box, tiny_decision_t *d);

/* The gateway has all decisions of `boot` up to `seq`. */
tiny_status_t tiny_outbox_acknowledge(tiny_outbox_t *box, uint32_t boot, uint32_t seq);

#endif
