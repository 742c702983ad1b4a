/* Host calls on this PC, over standard input and output: for runs under the sanitizers. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

void host_read(void *to, size_t n) {
    if (fread(to, 1, n, stdin) != n) {
        host_exit(2);
    }
}

void host_write(const void *from, size_t n) {
    if (fwrite(from, 1, n, stdout) != n) {
        host_exit(3);
    }
}

void host_exit(int code) {
    exit(code);
}
