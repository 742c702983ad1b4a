/* What the site's crop is like on a day: coefficient, depletion fraction, roots, growth stage.
 *
 * Source: Allen et al. 1998, FAO Irrigation and Drainage Paper 56: the coefficient curve of
 * chapter 6 (constant, linear rise, constant, linear fall), roots that grow linearly from planting
 * to the start of mid-season (chapter 8). Days count from planting, which is day 0; earlier days
 * are day 0, and after the season everything keeps its last value. */
#ifndef TINY_FEATURES_SITE_H
#define TINY_FEATURES_SITE_H

#include "../tiny.h"

typedef struct {
    uint16_t l_ini, l_dev, l_mid, l_late; /* stage lengths, days; 16,000 together at most */
    int16_t kc_ini, kc_mid, kc_end;       /* basal crop coefficient, thousandths */
    int16_t p;                            /* depletion fraction, thousandths */
    int16_t zr_ini, zr_max;               /* root depth, mm */
} tiny_crop_t;

typedef enum { TINY_STAGE_INI, TINY_STAGE_DEV, TINY_STAGE_MID, TINY_STAGE_LATE } tiny_stage_t;

/* Crop coefficient on the day, thousandths. */
int32_t tiny_site_kc(const tiny_crop_t TINY_ROM *crop, int32_t day);

/* Fraction of the available water that may be used before stress, thousandths. */
int32_t tiny_site_p(const tiny_crop_t TINY_ROM *crop);

/* Root depth on the day, mm (a metre's thousandths). */
int32_t tiny_site_root_depth(const tiny_crop_t TINY_ROM *crop, int32_t day);

/* Growth stage on the day, a tiny_stage_t. */
int32_t tiny_site_stage(const tiny_crop_t TINY_ROM *crop, int32_t day);

#endif
