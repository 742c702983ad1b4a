/* The serial link: frames on the board's one byte stream, whatever stands at its other end: a PC
 * with `tinyfield logs`, a gateway's bridge, the host of a virtual board. */
#include "link.h"
#include "hal.h"
#include "stream.h"

/* Between two looks at the watchdog and the time. */
#define SLICE_MS 200u

static const tiny_stream_t serial = {hal_stream_write, hal_stream_read};

/* The next downlink frame within `slices` silences and `until`. */
static tiny_status_t await(tiny_frame_t *frame, uint32_t slices, uint32_t until,
                           tiny_downlink_t *down) {
    for (;;) {
        uint8_t type = 0;
        const uint8_t *payload = NULL;
        size_t n = 0;
        const tiny_status_t status =
            tiny_stream_receive(&serial, frame, slices == 0 ? 0 : SLICE_MS, &type, &payload, &n);
        hal_watchdog();
        if (status == TINY_OK && type == TINY_FRAME_DOWNLINK) {
            return tiny_wire_downlink(payload, n, down) == TINY_OK ? TINY_OK : TINY_E_MISSING;
        }
        if (status == TINY_E_IO) {
            return status;
        }
        if (status == TINY_E_FORMAT && TINY_VIRTUAL) {
            return TINY_E_MISSING; /* that was the answer: the host sends no other */
        }
        if (status == TINY_E_MISSING) {
            if (slices == 0) {
                return status;
            }
            slices--;
        }
        if (hal_now() > until) { /* a babbling line never holds the node up */
            return TINY_E_MISSING;
        }
    }
}

tiny_status_t tiny_link_exchange(tiny_frame_t *frame, size_t n, uint32_t wait_ms,
                                 tiny_downlink_t *down) {
    if (tiny_stream_send(&serial, frame, TINY_FRAME_UPLINK, n) != TINY_OK) {
        return TINY_E_IO;
    }
    tiny_frame_begin(frame);
    return await(frame, wait_ms / SLICE_MS, hal_now() + wait_ms / 1000u + 1u, down);
}

tiny_status_t tiny_link_poll(tiny_frame_t *frame, tiny_downlink_t *down) {
#if TINY_VIRTUAL
    /* Its host speaks only when spoken to; reading would wait for ever. */
    (void)frame;
    (void)down;
    return TINY_E_MISSING;
#else
    return await(frame, 0, hal_now() + 1u, down);
#endif
}
