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
cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability,performance \
    --inline-suppr --suppress=missingIncludeSystem -I firmware/core -I firmware/hal \
    -D__GNUC__ firmware/core firmware/drivers firmware/links firmware/src firmware/hal
echo "C: ${#files[@]} files formatted and analysed."
