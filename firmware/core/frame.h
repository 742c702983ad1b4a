/* Frames on a byte stream: COBS(type, payload, CRC-16 high, low), then 0x00.
 *
 * COBS (Cheshire & Baker, 1999) leaves 0x00 free to mark the end, so that a reader who lost its
 * place finds it again at the next 0x00. A frame is shorter than 254 bytes: the coding then costs
 * exactly one byte at the front and can be done in place, both ways. One buffer serves reading
 * and writing, since a node never does both at once. */
#ifndef TINY_FRAME_H
#define TINY_FRAME_H

#include "tiny.h"

#define TINY_PAYLOAD_MAX 96u
#define TINY_FRAME_HEAD  2u /* COBS code, type */
#define TINY_FRAME_TAIL  3u /* CRC, 0x00 */
#define TINY_FRAME_MAX   (TINY_FRAME_HEAD + TINY_PAYLOAD_MAX + TINY_FRAME_TAIL)

typedef enum {
    TINY_FRAME_ROW_REQUEST = 1,
    TINY_FRAME_ROW = 2,
    TINY_FRAME_UPLINK = 3,
    TINY_FRAME_DOWNLINK = 4,
    TINY_FRAME_LOG = 5,
    TINY_FRAME_EXIT = 6,
    TINY_FRAME_ACT = 7,
    TINY_FRAME_TIME = 8,    /* between sim and bridge; a node passes over it */
    TINY_FRAME_BATTERY = 9, /* to a virtual board, ahead of a row */
    TINY_FRAME_BURST_REQUEST = 10,
    TINY_FRAME_BURST = 11, /* some frames of a fast sensor */
    TINY_FRAME_KEPT = 12   /* to a virtual board, ahead of its first row: the days before */
} tiny_frame_type_t;

typedef struct {
    uint8_t raw[TINY_FRAME_MAX]; /* bytes as they came, or a frame being written */
    uint8_t fill;                /* how many came */
    uint8_t used;                /* of those, how many the last frame took */
    bool skip;                   /* an oversized frame: dropping up to the next 0x00 */
    uint16_t errors;             /* frames dropped: bad CRC, bad coding, too long */
} tiny_frame_t;

void tiny_frame_init(tiny_frame_t *f);

/* Where the payload of the next frame to send goes: TINY_PAYLOAD_MAX bytes. Drops whatever was
 * read but not yet taken. */
uint8_t *tiny_frame_begin(tiny_frame_t *f);

/* The same on any buffer: payload at raw[TINY_FRAME_HEAD], room for TINY_FRAME_TAIL after it. */
size_t tiny_frame_wrap(uint8_t *raw, tiny_frame_type_t type, size_t n);

/* Makes a frame of the n payload bytes written at tiny_frame_begin(); returns how many bytes of
 * f->raw to send, 0 if n is too large. */
size_t tiny_frame_seal(tiny_frame_t *f, tiny_frame_type_t type, size_t n);

/* Room for bytes from the stream: at least 1, `*cap` says how many. Invalidates the payload of
 * the last frame. Follow with tiny_frame_filled(). */
uint8_t *tiny_frame_space(tiny_frame_t *f, size_t *cap);
void tiny_frame_filled(tiny_frame_t *f, size_t n);

/* The next whole frame of the bytes that came: TINY_OK, and type, payload (valid until the next
 * call) and its length; TINY_E_MISSING: more bytes are needed; TINY_E_FORMAT: one frame was bad
 * and was dropped and counted. Empty frames (0x00 after 0x00) are passed over in silence. */
tiny_status_t tiny_frame_next(tiny_frame_t *f, uint8_t *type, const uint8_t **payload, size_t *n);

#endif
