/* A virtual board's senses: it asks the host for a row of channel values instead of reading
 * sensors, and tells it what its actuators do. */
#ifndef TINY_ROWS_H
#define TINY_ROWS_H

#include "stream.h"

typedef enum {
    TINY_ROW_VALUES, /* `channels` is filled */
    TINY_ROW_SENSE,  /* a row without values: read the board's own sensors */
    TINY_ROW_END,    /* no more rows */
    TINY_ROW_LOST    /* the host is gone, or never answered as it should */
} tiny_row_t;

/* Who is asked, and what comes in between: `heard` gets downlinks, and may send only by
 * tiny_virtual_act(); `recall` (NULL where nothing is kept) what the host says of the days before;
 * `battery_mv` changes only if the host says what the supply has. */
typedef struct {
    const tiny_stream_t *stream;
    tiny_frame_t *frame;
    uint16_t *battery_mv;
    void (*heard)(const uint8_t *payload, size_t n);
    void (*recall)(const uint8_t *payload, size_t n);
} tiny_host_t;

/* The row of time t. A bad frame or silence repeats the request, eight times at most. */
tiny_row_t tiny_virtual_row(const tiny_host_t *host, uint32_t t, int32_t *channels, uint8_t n);

/* The n values of the fast sensor number `fast` at time t, from its frame number `at` on, frame by
 * frame; n is at most TINY_FRAMES_VALUES_MOST. A question is answered with so many `pieces` like
 * this one, the last of a burst perhaps shorter; `*ahead` of them are on their way already (0 at
 * first, and after each burst). Never TINY_ROW_SENSE. */
#define TINY_FRAMES_HEAD        8u
#define TINY_FRAMES_VALUES_MOST ((TINY_PAYLOAD_MAX - TINY_FRAMES_HEAD) / 2u)
tiny_row_t tiny_virtual_frames(const tiny_host_t *host, uint32_t t, uint8_t fast, uint16_t at,
                               int16_t *values, uint8_t n, uint8_t pieces, uint8_t *ahead);

/* Tells the world what an actuator does. Leaves the frame buffer alone. */
tiny_status_t tiny_virtual_act(const tiny_stream_t *stream, uint32_t t, uint8_t actuator, bool on);

/* The last word to the host. */
tiny_status_t tiny_virtual_exit(const tiny_stream_t *stream, uint8_t code, uint32_t stack_bytes);

#endif
