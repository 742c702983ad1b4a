/* A byte stream as the core sees it, and whole frames over it. */
#ifndef TINY_STREAM_H
#define TINY_STREAM_H

#include "frame.h"

typedef struct {
    int (*write)(const uint8_t *data, size_t n); /* 0, or negative */
    /* How many bytes came (1 at least), 0 after timeout_ms, negative: closed for good. */
    int (*read)(uint8_t *data, size_t cap, uint32_t timeout_ms);
} tiny_stream_t;

/* Sends the n payload bytes that stand at tiny_frame_begin(). */
tiny_status_t tiny_stream_send(const tiny_stream_t *stream, tiny_frame_t *f, tiny_frame_type_t type,
                               size_t n);

/* The next frame: TINY_OK; TINY_E_MISSING: silence for timeout_ms, or a frame's length of bytes
 * without an end; TINY_E_FORMAT: a bad frame was dropped; TINY_E_IO: the stream is closed. */
tiny_status_t tiny_stream_receive(const tiny_stream_t *stream, tiny_frame_t *f, uint32_t timeout_ms,
                                  uint8_t *type, const uint8_t **payload, size_t *n);

#endif
