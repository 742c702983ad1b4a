#include "stream.h"

tiny_status_t tiny_stream_send(const tiny_stream_t *stream, tiny_frame_t *f, tiny_frame_type_t type,
                               size_t n) {
    const size_t size = tiny_frame_seal(f, type, n);
    if (size == 0) {
        return TINY_E_ARGUMENT;
    }
    return stream->write(f->raw, size) < 0 ? TINY_E_IO : TINY_OK;
}

tiny_status_t tiny_stream_receive(const tiny_stream_t *stream, tiny_frame_t *f, uint32_t timeout_ms,
                                  uint8_t *type, const uint8_t **payload, size_t *n) {
    for (uint8_t reads = 0; reads <= TINY_FRAME_MAX; reads++) {
        const tiny_status_t status = tiny_frame_next(f, type, payload, n);
        if (status != TINY_E_MISSING) {
            return status;
        }
        size_t cap = 0;
        uint8_t *space = tiny_frame_space(f, &cap);
        const int got = stream->read(space, cap, timeout_ms);
        if (got <= 0) {
            return got == 0 ? TINY_E_MISSING : TINY_E_IO;
        }
        tiny_frame_filled(f, (size_t)got);
    }
    return TINY_E_MISSING;
}
