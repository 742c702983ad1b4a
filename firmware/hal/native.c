/* The virtual board on this PC: a POSIX process whose stdin and stdout are the stream. */
#include "virtual.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

void hal_init(void) {}

int hal_stream_write(const uint8_t *data, size_t n) {
    while (n > 0u) {
        ssize_t done = write(STDOUT_FILENO, data, n);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return TINY_E_IO;
        }
        data += done;
        n -= (size_t)done;
    }
    return TINY_OK;
}

int hal_stream_read(uint8_t *data, size_t cap, uint32_t timeout_ms) {
    (void)timeout_ms; /* virtual time stands still until the host answers */
    for (;;) {
        ssize_t done = read(STDIN_FILENO, data, cap);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        return done > 0 ? (int)done : TINY_E_IO;
    }
}

int virtual_load(uint8_t *image, size_t n) {
    ssize_t got;
    int fd = open("persist.bin", O_RDONLY);
    if (fd < 0) {
        return TINY_E_IO;
    }
    got = read(fd, image, n);
    (void)close(fd);
    return got < 0 ? TINY_E_IO : TINY_OK;
}

int virtual_store(const uint8_t *image, size_t n) {
    ssize_t put;
    int fd = open("persist.bin", O_WRONLY | O_CREAT, 0644);
    if (fd < 0) {
        return TINY_E_IO;
    }
    put = write(fd, image, n); /* in place: a kill never leaves a shorter file */
    (void)close(fd);
    return put == (ssize_t)n ? TINY_OK : TINY_E_IO;
}

uint32_t hal_stack_used(void) {
    return 0u; /* a PC's stack says nothing about a node's */
}

void hal_exit(int code) {
    exit(code);
}
