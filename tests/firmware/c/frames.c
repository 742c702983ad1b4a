#include "bytes.h"
#include "frame.h"
#include "harness.h"

static tiny_frame_t frame;

/* feed CHUNK HEX: the bytes in pieces of CHUNK; every frame as TYPE:HEX, then the error count. */
static void feed(void) {
    size_t chunk = (size_t)number();
    size_t n = 0;
    uint8_t *data = hex(&n);
    for (size_t at = 0; at < n;) {
        size_t cap = 0;
        uint8_t *space = tiny_frame_space(&frame, &cap);
        size_t take = n - at < chunk ? n - at : chunk;
        take = take < cap ? take : cap;
        memcpy(space, data + at, take);
        tiny_frame_filled(&frame, take);
        at += take;
        for (;;) {
            uint8_t type = 0;
            const uint8_t *payload = NULL;
            size_t size = 0;
            const tiny_status_t status = tiny_frame_next(&frame, &type, &payload, &size);
            if (status == TINY_E_MISSING) {
                break;
            }
            if (status == TINY_OK) {
                printf("%d:", type);
                put_hex(payload, size);
                printf(" ");
            }
        }
    }
    printf("%u\n", frame.errors);
    free(data);
}

int main(void) {
    while (next_line()) {
        const char *what = word();
        if (is(what, "reset")) {
            tiny_frame_init(&frame);
            printf("ok\n");
        } else if (is(what, "feed")) {
            feed();
        } else if (is(what, "seal")) {
            const tiny_frame_type_t type = (tiny_frame_type_t)number();
            size_t n = 0;
            uint8_t *data = hex(&n);
            uint8_t *payload = tiny_frame_begin(&frame);
            if (n <= TINY_PAYLOAD_MAX) {
                memcpy(payload, data, n);
            }
            put_hex(frame.raw, tiny_frame_seal(&frame, type, n));
            printf("\n");
            free(data);
        } else {
            size_t n = 0;
            uint8_t *data = hex(&n);
            printf("%04x\n", tiny_crc16(TINY_CRC16_INIT, data, n));
            free(data);
        }
    }
    return 0;
}
