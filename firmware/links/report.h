/* What a node tells, and when it lets a silent link rest. */
#ifndef TINY_REPORT_H
#define TINY_REPORT_H

#include "clock.h"
#include "link.h"
#include "outbox.h"

typedef struct {
    uint32_t retry_at; /* not before: the link was silent */
    uint8_t misses;    /* exchanges in a row that brought nothing */
    bool birth_due;    /* until the gateway has answered one */
    bool heartbeat_due;
} tiny_report_t;

/* What a report is made of. */
typedef struct {
    tiny_frame_t *frame;
    tiny_outbox_t *outbox;
    const tiny_clock_t *clock;
    const tiny_health_t *health;
    uint32_t hash;                           /* of the manifest */
    bool (*heard)(const tiny_bytes_t *down); /* acts on a downlink; false if it is none */
    uint32_t (*deadline)(void);              /* when the node has something else to do */
} tiny_report_parts_t;

/* At time t: a birth if due, then the decisions of the outbox, oldest first, each only after the
 * gateway has stored the one before; then a heartbeat if due. A silent link ends it at once and
 * rests for a minute, then two, up to an hour. */
void tiny_report(tiny_report_t *r, const tiny_report_parts_t *parts, uint32_t t);

#endif
