/* What a node says and hears: CBOR maps (RFC 8949, deterministic encoding) with small integer
 * keys. tinyfield/wire is the other end.
 *
 * No function here takes a channel or a feature: a raw value has no way into a message. */
#ifndef TINY_WIRE_H
#define TINY_WIRE_H

#include "tiny.h"

#define TINY_WIRE_MAX 51u /* LoRaWAN's payload at EU868 DR0 */

#define TINY_NO_LABEL 0xFFu

/* Bits of a message's flags. */
#define TINY_FLAG_ACTIVE  0x01u
#define TINY_FLAG_DONE    0x02u /* outcome, two bits: 0 none, 1 done, 2 blocked */
#define TINY_FLAG_BLOCKED 0x04u
#define TINY_FLAG_CLOCK   0x08u
#define TINY_FLAG_REPEAT  0x10u
#define TINY_FLAG_ASKED   0x20u /* two bits: 1 the edge is asked, */
#define TINY_FLAG_EDGE    0x40u /* 2 it has answered, */
#define TINY_FLAG_ALONE   0x60u /* 3 it has not, and the node settled it */

/* A rule's outcome at one sample. */
typedef struct {
    uint32_t boot;
    uint32_t seq;  /* counts from 0 in each boot */
    uint32_t hash; /* of the manifest that explains the ids */
    uint32_t t;    /* seconds since that boot */
    int32_t clock; /* seconds since planting, by the node's clock */
    uint8_t rule;
    uint8_t label; /* TINY_NO_LABEL: the model could not run */
    uint8_t score; /* 0..255; 255 for a rule without a model */
    uint8_t flags;
    uint16_t battery_mv; /* 0: unknown */
    uint16_t why;        /* bit i: clause i was true */
} tiny_decision_t;

/* What a birth and a heartbeat say of the node itself. */
typedef struct {
    uint32_t boot;
    const char TINY_ROM *node; /* its id, at most 16 characters */
    uint16_t battery_mv;       /* 0: unknown */
    uint8_t flags;
    uint8_t backlog;     /* decisions not yet acknowledged */
    uint32_t samples;    /* taken since the boot */
    uint16_t faults;     /* sensors that gave no reading, summed over the samples */
    uint16_t dropped;    /* decisions that left the outbox unsent */
    uint16_t fault_mask; /* bit i: sensor i gave no reading at the last sample */
    uint32_t active;     /* bit i: rule i of the first 32 is active, and settled */
} tiny_health_t;

/* Each writes one message and returns its length, 0 if `cap` is too small. With `cap` at
 * TINY_WIRE_MAX all fit, a heartbeat up to boot 65535; one that is full leaves out which rules are
 * active, which the decisions have told. */
size_t tiny_wire_decision(uint8_t *out, size_t cap, const tiny_decision_t *d, uint32_t age,
                          uint32_t backlog);
size_t tiny_wire_birth(uint8_t *out, size_t cap, const tiny_health_t *health, uint32_t hash);
size_t tiny_wire_heartbeat(uint8_t *out, size_t cap, const tiny_health_t *health);

typedef struct {
    bool has_mark; /* all decisions of `boot` up to `seq` are stored */
    bool has_epoch;
    bool has_command;
    bool has_answer; /* to the decision `case_seq` of `case_boot`, which asked */
    bool on;
    bool yes;
    uint8_t actuator;
    uint32_t boot;
    uint32_t seq;
    uint32_t epoch;   /* UTC now, seconds since 1970 */
    uint32_t seconds; /* of a command; 0: until its limit */
    uint32_t case_boot;
    uint32_t case_seq;
} tiny_downlink_t;

/* What a downlink says of a neighbour. */
typedef struct {
    uint32_t epoch; /* UTC now */
    uint32_t heard; /* UTC at which the neighbour last said so */
    uint32_t hash;  /* of the manifest that numbers the neighbours */
    uint8_t neighbour;
    bool active;
    bool said; /* false: nothing, and the rest is 0 */
} tiny_word_t;

/* Reads a downlink; anything malformed (not a map, keys out of order, not the shortest form,
 * values over 32 bits, half a command, answer or word, bytes left over) is TINY_E_FORMAT, and
 * `down` and `word` are empty then. A node without neighbours gives no `word`, and reads keys from
 * 9 on over, as all do those from 13 on: a newer gateway may say more. */
tiny_status_t tiny_wire_downlink(const uint8_t *data, size_t n, tiny_downlink_t *down,
                                 tiny_word_t *word);

#endif
