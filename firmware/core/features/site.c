#include "site.h"

/* The way from a to b after `done` of `all` days, half away from zero; 0 <= done < all. */
static __attribute__((noinline)) int32_t between(int16_t a, int16_t b, int32_t done, int32_t all) {
    const bool falls = b < a;
    const uint32_t way = falls ? (uint32_t)(a - b) : (uint32_t)(b - a);
    const uint32_t part = (2 * way * (uint32_t)done + (uint32_t)all) / (2 * (uint32_t)all);
    return falls ? a - (int32_t)part : a + (int32_t)part;
}

int32_t tiny_site_stage(const tiny_crop_t TINY_ROM *crop, int32_t day) {
    int32_t end = crop->l_ini;
    if (day < end) {
        return TINY_STAGE_INI;
    }
    end += crop->l_dev;
    if (day < end) {
        return TINY_STAGE_DEV;
    }
    end += crop->l_mid;
    return day < end ? TINY_STAGE_MID : TINY_STAGE_LATE;
}

int32_t tiny_site_kc(const tiny_crop_t TINY_ROM *crop, int32_t day) {
    const int32_t mid = (int32_t)crop->l_ini + crop->l_dev;
    const int32_t late = mid + crop->l_mid;
    switch (tiny_site_stage(crop, day)) {
    case TINY_STAGE_INI:
        return crop->kc_ini;
    case TINY_STAGE_DEV:
        return between(crop->kc_ini, crop->kc_mid, day - crop->l_ini, crop->l_dev);
    case TINY_STAGE_MID:
        return crop->kc_mid;
    default:
        if (day - late >= crop->l_late) {
            return crop->kc_end;
        }
        return between(crop->kc_mid, crop->kc_end, day - late, crop->l_late);
    }
}

int32_t tiny_site_p(const tiny_crop_t TINY_ROM *crop) {
    return crop->p;
}

int32_t tiny_site_root_depth(const tiny_crop_t TINY_ROM *crop, int32_t day) {
    const int32_t mid = (int32_t)crop->l_ini + crop->l_dev;
    if (day >= mid) {
        return crop->zr_max;
    }
    return day <= 0 ? crop->zr_ini : between(crop->zr_ini, crop->zr_max, day, mid);
}
