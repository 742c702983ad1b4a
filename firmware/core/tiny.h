/* What every tinyfield C file shares: status codes, the missing reading, flash constants. */
#ifndef TINY_H
#define TINY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Constants that stay in flash. AVR copies plain `const` data into its 2 KB of RAM at start;
 * the named address space leaves it where it is (GCC manual, "Named Address Spaces"). */
#if defined(__AVR__) && !defined(__cplusplus)
#define TINY_ROM __flash
#else
#define TINY_ROM
#endif

/* No reading: a sensor failed, a window is too thin, a row has a gap. */
#define TINY_MISSING INT32_MIN

typedef enum {
    TINY_OK = 0,
    TINY_E_ARGUMENT = -1, /* a caller's mistake: null, size, range */
    TINY_E_MISSING = -2,  /* an input has no value */
    TINY_E_FULL = -3,     /* no room left */
    TINY_E_FORMAT = -4,   /* bytes that are not what they claim */
    TINY_E_IO = -5,       /* bus, stream or storage failed */
    TINY_E_BLOCKED = -6   /* an interlock refused */
} tiny_status_t;

#ifdef __cplusplus
}
#endif

#endif
