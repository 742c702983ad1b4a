/* What one kind of virtual board (native.c, qemu.c) adds to what they all share (virtual.c). */
#ifndef TINY_HAL_VIRTUAL_H
#define TINY_HAL_VIRTUAL_H

#include "hal.h"

/* persist.bin in the working directory. Load fills what the file has and leaves the rest of the
 * image alone (no file: all of it); store writes the whole image back. 0 or negative. */
int virtual_load(uint8_t *image, size_t n);
int virtual_store(const uint8_t *image, size_t n);

#endif
