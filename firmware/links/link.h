/* What carries a node's messages. Each link implements tiny_link_exchange(); one is linked into
 * an image. report.c decides what to send and when to rest. */
#ifndef TINY_LINK_H
#define TINY_LINK_H

#include "frame.h"
#include "wire.h"

/* Sends the message of n bytes that stands at tiny_frame_begin(frame), then waits at most wait_ms
 * for the gateway's answer. TINY_OK: it came, and `down` holds it (an answer that is malformed
 * counts as none). TINY_E_MISSING: no answer. TINY_E_IO: the link is down. */
tiny_status_t tiny_link_exchange(tiny_frame_t *frame, size_t n, uint32_t wait_ms,
                                 tiny_downlink_t *down);

/* A downlink that came unasked, without waiting; as above. */
tiny_status_t tiny_link_poll(tiny_frame_t *frame, tiny_downlink_t *down);

#endif
