#include "outbox.h"
#include "bytes.h"

/* A slot: content, its CRC, then the state. */
#define CONTENT 28u
#define STATE   30u

/* 0xFF is what an erased cell reads, 0x00 is reached by clearing bits only: a write cut between
 * erasing and programming leaves one of the two. */
#define PENDING      0xFFu
#define ACKNOWLEDGED 0x00u

static uint16_t place(uint8_t slot) {
    return (uint16_t)(TINY_OUTBOX_AT + (uint16_t)slot * TINY_OUTBOX_SLOT);
}

static uint8_t after(const tiny_outbox_t *box, uint8_t slot) {
    return (uint8_t)(slot + 1u < box->slots ? slot + 1u : 0u);
}

static void pack(const tiny_decision_t *d, uint8_t *s) {
    tiny_put32(s, d->boot);
    tiny_put32(s + 4, d->seq);
    tiny_put32(s + 8, d->t);
    tiny_put32(s + 12, (uint32_t)d->clock);
    s[16] = d->rule;
    s[17] = d->label;
    s[18] = d->score;
    s[19] = d->flags;
    tiny_put16(s + 20, d->battery_mv);
    tiny_put16(s + 22, d->why);
    tiny_put32(s + 24, d->hash);
    tiny_put16(s + CONTENT, tiny_crc16(TINY_CRC16_INIT, s, CONTENT));
}

static void unpack(const uint8_t *s, tiny_decision_t *d) {
    d->boot = tiny_get32(s);
    d->seq = tiny_get32(s + 4);
    d->t = tiny_get32(s + 8);
    d->clock = tiny_get_i32(s + 12);
    d->rule = s[16];
    d->label = s[17];
    d->score = s[18];
    d->flags = s[19];
    d->battery_mv = tiny_get16(s + 20);
    d->why = tiny_get16(s + 22);
    d->hash = tiny_get32(s + 24);
}

/* Reads a slot; false when it holds no whole entry. */
static bool load(const tiny_outbox_t *box, uint8_t slot, tiny_decision_t *d, bool *pending) {
    uint8_t s[TINY_OUTBOX_SLOT];
    if (box->memory->read(place(slot), s, sizeof s) < 0 ||
        tiny_get16(s + CONTENT) != tiny_crc16(TINY_CRC16_INIT, s, CONTENT)) {
        return false;
    }
    unpack(s, d);
    *pending = s[STATE] != ACKNOWLEDGED;
    return true;
}

static tiny_status_t mark(const tiny_outbox_t *box, uint8_t slot, uint8_t state) {
    const int done = box->memory->write((uint16_t)(place(slot) + STATE), &state, 1);
    return done < 0 ? TINY_E_IO : TINY_OK;
}

/* The tail entry is no longer pending: on to the next that is. */
static void advance(tiny_outbox_t *box) {
    tiny_decision_t d;
    bool pending = false;
    box->pending--;
    if (box->pending == 0) {
        return;
    }
    do {
        box->tail = after(box, box->tail);
    } while (box->tail != box->head && !(load(box, box->tail, &d, &pending) && pending));
    if (box->tail == box->head && !(load(box, box->tail, &d, &pending) && pending)) {
        box->pending = 0; /* cells gone bad since the boot */
    }
}

uint32_t tiny_outbox_open(tiny_outbox_t *box, const tiny_memory_t *memory, uint8_t slots) {
    tiny_decision_t d;
    bool pending = false;
    uint32_t boot = 0;
    uint32_t seq = 0;
    bool any = false;
    uint8_t latest = 0;
    bool free = false;
    *box = (tiny_outbox_t){memory, 0, slots, 0, 0, 0};
    for (uint8_t i = 0; i < slots; i++) {
        if (load(box, i, &d, &pending) &&
            (!any || d.boot > boot || (d.boot == boot && d.seq > seq))) {
            any = true;
            boot = d.boot;
            seq = d.seq;
            latest = i;
            free = !pending;
        }
    }
    box->head = any ? after(box, latest) : 0;
    if (free && load(box, box->head, &d, &pending) && pending) {
        box->head = latest; /* the ring was full, and the last entry was cut or is stored already */
    }
    uint8_t slot = box->head;
    for (uint8_t i = 0; i < slots; i++) {
        if (load(box, slot, &d, &pending) && pending) {
            box->tail = box->pending == 0 ? slot : box->tail;
            box->pending++;
        }
        slot = after(box, slot);
    }
    return boot;
}

static tiny_status_t fill(tiny_outbox_t *box, const tiny_decision_t *d) {
    uint8_t s[TINY_OUTBOX_SLOT];
    pack(d, s);
    const tiny_status_t cleared = mark(box, box->head, ACKNOWLEDGED);
    if (cleared != TINY_OK || box->memory->write(place(box->head), s, STATE) < 0) {
        return TINY_E_IO;
    }
    return mark(box, box->head, PENDING);
}

tiny_status_t tiny_outbox_put(tiny_outbox_t *box, const tiny_decision_t *d) {
    const bool full = box->pending > 0 && box->tail == box->head;
    if (full) {
        advance(box);
        box->dropped = (uint16_t)(box->dropped + (box->dropped < UINT16_MAX ? 1 : 0));
    }
    const tiny_status_t filled = fill(box, d);
    if (filled != TINY_OK) {
        box->dropped = (uint16_t)(box->dropped + (box->dropped < UINT16_MAX ? 1 : 0));
    } else {
        box->tail = box->pending == 0 ? box->head : box->tail;
        box->pending++;
    }
    box->head = after(box, box->head);
    return filled;
}

tiny_status_t tiny_outbox_oldest(tiny_outbox_t *box, tiny_decision_t *d) {
    bool pending = false;
    while (box->pending > 0) {
        if (load(box, box->tail, d, &pending) && pending) {
            return TINY_OK;
        }
        advance(box);
    }
    return TINY_E_MISSING;
}

tiny_status_t tiny_outbox_acknowledge(tiny_outbox_t *box, uint32_t boot, uint32_t seq) {
    tiny_decision_t d;
    bool pending = false;
    tiny_status_t status = TINY_OK;
    uint8_t left = box->pending;
    uint8_t slot = box->tail;
    while (left > 0) {
        if (load(box, slot, &d, &pending) && pending) {
            left--;
            if (d.boot == boot && d.seq <= seq) {
                if (mark(box, slot, ACKNOWLEDGED) != TINY_OK) {
                    status = TINY_E_IO;
                } else if (slot == box->tail) {
                    advance(box);
                } else {
                    box->pending--;
                }
            }
        }
        slot = after(box, slot);
        if (slot == box->head) {
            break;
        }
    }
    return status;
}
