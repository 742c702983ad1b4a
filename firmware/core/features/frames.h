/* Where a fast sensor's frames go: into the windows that features are taken of, and into each
 * channel's reading, the mean of a sample's frames.
 *
 * A burst (all frames of one sample) comes in pieces that fit a small buffer, one after another. A
 * window is an array of its latest frames, oldest first: it slides when a burst begins, and the
 * pieces fill its end. How many of its frames follow one another without a gap is known after the
 * burst, when the reading says whether it came whole. */
#ifndef TINY_FEATURES_FRAMES_H
#define TINY_FEATURES_FRAMES_H

#include "../tiny.h"

/* No value in a frame; drivers never give it. */
#define TINY_NO_FRAME INT16_MIN

/* A part of a burst: `count` frames of `width` channels each, the first one being number `at` of
 * the burst's `of` frames. */
typedef struct {
    const int16_t *frames;
    uint16_t at;
    uint16_t count;
    uint16_t of;
    uint8_t width;
} tiny_piece_t;

/* Adds a piece to the reading of the channel in `column`: a sum until the last piece, then the
 * mean, half away from zero. TINY_MISSING when a frame of the burst has no value. */
void tiny_frames_read(const tiny_piece_t *piece, uint8_t column, int32_t *reading);

/* Puts a piece into the window of the channel in `column`, n frames long. */
void tiny_frames_keep(const tiny_piece_t *piece, uint8_t column, int16_t *window, uint16_t n);

/* How many frames at the end of a window of n follow one another after a burst of `of`, of `valid`
 * before it: none when its reading is missing. */
static inline uint16_t tiny_frames_valid(uint16_t valid, uint16_t of, uint16_t n, int32_t reading) {
    if (reading == TINY_MISSING) {
        return 0;
    }
    return of >= n || valid >= n - of ? n : (uint16_t)(valid + of);
}

#endif
