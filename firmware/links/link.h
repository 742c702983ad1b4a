/* What carries a node's messages. Each link implements the three below; one is linked into an
 * image. report.c decides what to send and when to rest; what a downlink means is main.c's. */
#ifndef TINY_LINK_H
#define TINY_LINK_H

#include "frame.h"

/* A downlink's bytes as they came, valid until the frame is used again. */
typedef struct {
    const uint8_t *data;
    size_t n;
} tiny_bytes_t;

/* Sends the message of n bytes that stands at tiny_frame_begin(frame). */
tiny_status_t tiny_link_send(tiny_frame_t *frame, size_t n);

/* The gateway's next downlink, after at most wait_ms of silence and not after the second `until`.
 * TINY_E_MISSING: none came. TINY_E_IO: the link is down. */
tiny_status_t tiny_link_await(tiny_frame_t *frame, uint32_t wait_ms, uint32_t until,
                              tiny_bytes_t *down);

/* One that came unasked, without waiting; as above. */
tiny_status_t tiny_link_poll(tiny_frame_t *frame, tiny_bytes_t *down);

#endif
