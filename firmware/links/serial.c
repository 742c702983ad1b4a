/* The serial link: frames on the board's one byte stream, whatever stands at its other end: a PC
 * with `tinyfield logs`, a gateway's bridge, the host of a virtual board. */
#include "link.h"
#include "hal.h"

/* Between two looks at the watchdog and the time. */
#define SLICE_MS 200u

/* A babbling line holds the node up no longer than a silent one. */
tiny_status_t tiny_link_await(tiny_frame_t *frame, uint32_t wait_ms, uint32_t until,
                              tiny_bytes_t *down) {
    uint32_t slices = wait_ms / SLICE_MS;
    do {
        uint8_t type = 0;
        const tiny_status_t status = tiny_frame_next(frame, &type, &down->data, &down->n);
        if (status == TINY_OK && type == TINY_FRAME_DOWNLINK) {
            return TINY_OK;
        }
        if (status == TINY_E_FORMAT && TINY_VIRTUAL) {
            return TINY_E_MISSING; /* that was the answer: the host sends no other */
        }
        if (status == TINY_E_MISSING) {
            size_t cap = 0;
            uint8_t *space = tiny_frame_space(frame, &cap);
            const int got = hal_stream_read(space, cap, slices == 0 ? 0 : SLICE_MS);
            if (got < 0) {
                return TINY_E_IO;
            }
            if (got == 0 && (slices == 0 || --slices == 0)) {
                return TINY_E_MISSING;
            }
            tiny_frame_filled(frame, (size_t)got);
        }
        hal_watchdog();
    } while (hal_now() <= until);
    return TINY_E_MISSING;
}

tiny_status_t tiny_link_send(tiny_frame_t *frame, size_t n) {
    const size_t size = tiny_frame_seal(frame, TINY_FRAME_UPLINK, n);
#if !TINY_VIRTUAL
    /* Whatever stands on the line, a boot loader's greeting or noise, ends here. */
    const uint8_t end = 0;
    if (hal_stream_write(&end, 1) < 0) {
        return TINY_E_IO;
    }
#endif
    if (size == 0 || hal_stream_write(frame->raw, size) < 0) {
        return TINY_E_IO;
    }
    return TINY_OK;
}

tiny_status_t tiny_link_poll(tiny_frame_t *frame, tiny_bytes_t *down) {
#if TINY_VIRTUAL
    /* Its host speaks only when spoken to; reading would wait for ever. */
    (void)frame;
    (void)down;
    return TINY_E_MISSING;
#else
    return tiny_link_await(frame, 0, hal_now(), down);
#endif
}
