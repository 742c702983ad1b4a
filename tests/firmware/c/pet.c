#include "pet.h"
#include "harness.h"

int main(void) {
    while (next_line()) { /* WEIGHT BORN KCAL NEUTERED SPECIES DAY ACTIVE */
        tiny_pet_t pet = {0};
        pet.weight_g = u32();
        pet.born = (int32_t)number();
        pet.kcal_per_kg = (uint16_t)number();
        pet.neutered = number() != 0;
        pet.species = u8();
        const int32_t day = (int32_t)number();
        const int32_t active = (int32_t)number();
        printf("%d %d %d\n", tiny_pet_rer(pet.weight_g), tiny_pet_need(&pet, day, active),
               tiny_pet_ration(&pet, day, active));
    }
    return 0;
}
