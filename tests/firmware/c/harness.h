/* Lines of words and hex for the test programs. */
#ifndef HARNESS_H
#define HARNESS_H

#include "tiny.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char line[65536];
static char *rest;

static inline bool next_line(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    rest = fgets(line, sizeof line, stdin);
    return rest != NULL;
}

static inline const char *word(void) {
    char *at = strtok(rest, " \n");
    rest = NULL;
    return at != NULL ? at : "";
}

static inline int64_t number(void) {
    return strtoll(word(), NULL, 10);
}

static inline uint32_t u32(void) {
    return (uint32_t)number();
}

static inline uint8_t u8(void) {
    return (uint8_t)number();
}

/* Into a heap block of exactly that size, so that the sanitizer sees every byte read past it. */
static inline uint8_t *hex(size_t *n) {
    const char *text = word();
    *n = strcmp(text, "-") == 0 ? 0 : strlen(text) / 2;
    uint8_t *data = malloc(*n > 0 ? *n : 1);
    for (size_t i = 0; i < *n; i++) {
        unsigned byte = 0;
        sscanf(text + 2 * i, "%2x", &byte);
        data[i] = (uint8_t)byte;
    }
    return data;
}

static inline void put_hex(const uint8_t *data, size_t n) {
    if (n == 0) {
        printf("-");
    }
    for (size_t i = 0; i < n; i++) {
        printf("%02x", data[i]);
    }
}

static inline bool is(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

#endif
