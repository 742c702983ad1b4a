/* The marks of the profile build: what was done since the last mark belongs to the step that
 * ends here. */
#ifndef TINY_BENCH_PROFILE_H
#define TINY_BENCH_PROFILE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TINY_PROFILE 1
#define TINY_STEP(n) profile_step(n)

void profile_step(uint16_t step);

#ifdef __cplusplus
}
#endif

#endif
