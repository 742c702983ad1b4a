#!/usr/bin/env bash
# Format and static analysis of every C and C++ file in the firmware.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t files < <(git ls-files 'firmware/*.c' 'firmware/*.h' 'firmware/*.cpp' 'tinyfield/*.c' 'tests/*.c')
if ! command -v clang-format >/dev/null || ! command -v cppcheck >/dev/null; then
    echo "clang-format or cppcheck is missing: sudo apt-get install clang-format cppcheck"
    [ "${TINYFIELD_CI:-}" = 1 ] && exit 3
    exit 0
fi
clang-format --dry-run --Werror "${files[@]}"
analyse() {
    cppcheck --quiet --error-exitcode=1 --enable=warning,portability,performance \
        --inline-suppr --suppress=missingIncludeSystem -I firmware/core -I firmware/hal \
        -D__GNUC__ "$@"
}
analyse --std=c11 firmware/core firmware/drivers firmware/links firmware/src firmware/hal/native.c \
    firmware/hal/virtual.c
analyse --std=c11 -D__thumb__ firmware/hal/qemu.c firmware/hal/qemu_m4_start.c
analyse --std=c11 -D__riscv firmware/hal/qemu.c firmware/hal/qemu_rv32_start.c
analyse --std=c++11 -D__AVR__ firmware/hal/arduino.cpp firmware/hal/arduino_avr.c
echo "C: ${#files[@]} files formatted and analysed."
