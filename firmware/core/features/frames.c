#include "frames.h"

#include <string.h>

void tiny_frames_read(const tiny_piece_t *piece, uint8_t column, int32_t *reading) {
    const int16_t *frame = piece->frames + column;
    int32_t sum = piece->at == 0 ? 0 : *reading;
    for (uint16_t i = 0; i < piece->count && sum != TINY_MISSING; i++, frame += piece->width) {
        sum = *frame == TINY_NO_FRAME ? TINY_MISSING : sum + *frame;
    }
    if (sum != TINY_MISSING && piece->at + piece->count == piece->of) {
        const int32_t half = piece->of / 2;
        sum = (sum + (sum < 0 ? -half : half)) / piece->of;
    }
    *reading = sum;
}

void tiny_frames_keep(const tiny_piece_t *piece, uint8_t column, int16_t *window, uint16_t n) {
    const int16_t *frame = piece->frames + column;
    if (piece->at == 0 && piece->of < n) {
        memmove(window, window + piece->of, sizeof *window * (size_t)(n - piece->of));
    }
    /* Frame k of the burst stands k + n - of from the window's start: before it if negative. */
    const int32_t shift = (int32_t)n - piece->of + piece->at;
    for (uint16_t i = 0; i < piece->count; i++, frame += piece->width) {
        if (shift + i >= 0) {
            window[shift + i] = *frame;
        }
    }
}
