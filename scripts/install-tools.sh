#!/usr/bin/env bash
# What the tests need from Debian or Ubuntu: cross compilers, emulators, a broker, a database, a
# browser. Installs what is missing when root or sudo allows it, and says so when it does not.
set -euo pipefail

packages=(
    gcc g++ libc6-dev cmake make pkg-config python3-venv
    gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm
    gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc
    gcc-avr avr-libc arduino-core-avr libsimavr-dev libelf-dev
    mosquitto postgresql
    chromium chromium-driver
    clang clang-format cppcheck
)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
        missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "All ${#packages[@]} system packages are here."
    exit 0
fi

if [ "$(id -u)" -eq 0 ]; then
    sudo=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo=(sudo)
else
    echo "Missing, and neither root nor sudo here: ${missing[*]}"
    echo "Install them with: sudo apt-get install ${missing[*]}"
    # A person's run goes on, and the tests that need these skip with the reason; CI must not.
    [ "${TINYFIELD_CI:-}" = 1 ] && exit 3
    exit 0
fi

echo "Installing ${missing[*]} ..."
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
