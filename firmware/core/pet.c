#include "pet.h"
#include "features/arithmetic.h"

#define HOUR_S     3600
#define MONTH_DAYS 30 /* of a life stage: 4 and 12 of them */
#define MOST_GRAMS 200000u
#define TENTHS     10

int32_t tiny_pet_rer(uint32_t weight_g) {
    const uint64_t g = weight_g > MOST_GRAMS ? MOST_GRAMS : weight_g;
    /* kg^0.75 = g^0.75 / 1000^0.75; with three more digits of g^1.5 the error is below 1e-6.
     * 70 / 1000^0.75 = 0.393638... */
    const uint64_t three_halves = tiny_root(g * g * g * 1000);  /* sqrt(1000) g^1.5 */
    const uint64_t quarter = tiny_root(three_halves * 1000000); /* 1000^0.25 x 1000 g^0.75 */
    /* x 70 / 1000^0.75 / 1000 / 1000^0.25 = x 70 / 10^6 */
    return (int32_t)((quarter * 70 + 500000) / 1000000);
}

/* The multiple of the resting requirement, in tenths. */
static int32_t factor(const tiny_pet_t TINY_ROM *pet, int32_t day, int32_t active_s) {
    const int64_t age = (int64_t)day - pet->born;
    const bool cat = pet->species == TINY_CAT;
    if (age >= 0 && age < (int64_t)12 * MONTH_DAYS) {
        return cat ? 25 : age < (int64_t)4 * MONTH_DAYS ? 30 : 20;
    }
    if (active_s != TINY_MISSING && active_s < HOUR_S) {
        return cat ? 10 : 14;
    }
    if (active_s != TINY_MISSING && active_s > 3 * HOUR_S) {
        return cat ? 16 : 20;
    }
    return (cat ? 12 : 16) + (pet->neutered ? 0 : 2);
}

int32_t tiny_pet_need(const tiny_pet_t TINY_ROM *pet, int32_t day, int32_t active_s) {
    const int32_t tenths = tiny_pet_rer(pet->weight_g) * factor(pet, day, active_s);
    return (tenths + TENTHS / 2) / TENTHS;
}

int32_t tiny_pet_ration(const tiny_pet_t TINY_ROM *pet, int32_t day, int32_t active_s) {
    const int32_t need = tiny_pet_need(pet, day, active_s);
    const int32_t per_kg = pet->kcal_per_kg;
    return per_kg == 0 ? TINY_MISSING : (need * 1000 + per_kg / 2) / per_kg;
}
