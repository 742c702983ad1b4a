/* Fast sensors at a sample: each one's burst comes in pieces, in turn, so that no FIFO runs over
 * while another is read. Part of main.c; only of apps that have a fast sensor.
 *
 * A burst of a continuous sensor lasts from one sample to the next, and the sensor's own clock
 * paces the node; what comes in while the node decides and reports waits in the sensor's FIFO. When
 * that runs over, or the bus fails, the sensor begins anew at the next sample, and this one has no
 * reading: a fault that is counted, and windows that start again. */
#ifndef TINY_FAST_H
#define TINY_FAST_H

#include "app.h"
#include "hal.h"

#if APP_FAST > 0

typedef struct {
    bool runs[APP_FAST]; /* begun, and every frame since has come */
} tiny_fast_t;

/* `n` values from frame `at` of the sensor's burst on, frame by frame. */
typedef tiny_status_t (*tiny_fast_source_t)(uint8_t fast, uint16_t at, int16_t *values, uint8_t n);

/* From the board's own sensors. */
static inline tiny_status_t tiny_fast_own(uint8_t fast, uint16_t at, int16_t *values, uint8_t n) {
    (void)at;
    return app_fast_read(fast, values, (uint8_t)(n / app_fast[fast].width));
}

/* Every fast sensor runs without a pause: the next sample's frames are already coming. */
static inline bool tiny_fast_paces(const tiny_fast_t *fast) {
    bool all = APP_CONTINUOUS;
    for (uint8_t i = 0; i < APP_FAST; i++) {
        all = all && fast->runs[i];
    }
    return all;
}

/* Reads a burst of every fast sensor into the windows and its channels' readings. `meanwhile` is
 * called between the pieces. */
static inline void tiny_fast_sense(tiny_fast_t *fast, tiny_fast_source_t source,
                                   void (*meanwhile)(void), app_features_t *features,
                                   int32_t *channel) {
    const bool own = source == tiny_fast_own;
    bool whole[APP_FAST];
    for (uint8_t i = 0; i < APP_FAST; i++) {
        whole[i] = !own || fast->runs[i] || app_fast_begin(i) == TINY_OK;
    }
    for (uint16_t piece = 0; piece < APP_FAST_PIECES; piece++) {
        for (uint8_t i = 0; i < APP_FAST; i++) {
            int16_t values[APP_FAST_VALUES];
            const uint32_t at = (uint32_t)piece * app_fast[i].piece;
            if (!whole[i] || at >= app_fast[i].frames) {
                continue;
            }
            const uint32_t left = app_fast[i].frames - at;
            const uint8_t count = (uint8_t)(left < app_fast[i].piece ? left : app_fast[i].piece);
            const uint8_t n = (uint8_t)(count * app_fast[i].width);
            whole[i] = source(i, (uint16_t)at, values, n) == TINY_OK;
            if (whole[i]) {
                app_fast_take(i, features, (uint16_t)at, values, count, channel);
            }
        }
        meanwhile();
    }
    for (uint8_t i = 0; i < APP_FAST; i++) {
        for (uint8_t k = 0; !whole[i] && k < app_fast[i].width; k++) {
            channel[app_fast[i].channel + k] = TINY_MISSING;
        }
        fast->runs[i] = own && whole[i] && APP_CONTINUOUS;
        if (own && !APP_CONTINUOUS) {
            (void)app_fast_rest(i);
        }
    }
}

#endif

#endif
