/* What an animal needs to eat: whole numbers from its weight, its age and how long it moves.
 *
 * Resting energy requirement RER = 70 kcal/day x kg^0.75; what it needs in a day is a multiple of
 * that by its life stage, whether it is neutered, and how active it is. Formula and factors: M.S.
 * Hand et al., Small Animal Clinical Nutrition, 5th edition (2010), table 5-2; the formula also in
 * the Merck Veterinary Manual, Nutritional Requirements of Small Animals. Less than one and more
 * than three hours of activity are the limits between low, moderate and high activity of FEDIAF's
 * Nutritional Guidelines, whose 95, 110 to 125 and 150 to 175 kcal/day x kg^0.75 are 1.4, 1.6 to
 * 1.8 and 2.1 to 2.5 times the need at rest. They are where feeding starts, not where it ends: an
 * animal may need half as much again or half of it, and its body condition has the last word. */
#ifndef TINY_PET_H
#define TINY_PET_H

#include "tiny.h"

typedef enum { TINY_DOG, TINY_CAT } tiny_species_t;

typedef struct {
    uint32_t weight_g;
    int32_t born;         /* the calendar's day (clock.h) */
    uint16_t kcal_per_kg; /* of its food, as fed */
    bool neutered;
    uint8_t species; /* tiny_species_t */
} tiny_pet_t;

/* kcal a day, to the nearest; weights up to 200 kg. */
int32_t tiny_pet_rer(uint32_t weight_g);

/* kcal a day. `active_s`: seconds of a day that it moves, TINY_MISSING: not known yet, taken for
 * moderate. On a day before its birth (a node without a date) it is taken for an adult. */
int32_t tiny_pet_need(const tiny_pet_t TINY_ROM *pet, int32_t day, int32_t active_s);

/* Grams of its food a day. */
int32_t tiny_pet_ration(const tiny_pet_t TINY_ROM *pet, int32_t day, int32_t active_s);

#endif
