#!/bin/sh
# Makes a plugin in C: build.sh BINDINGS OUT.wasm
# BINDINGS is the folder that `acquit-bindings` wrote. Needs clang and lld with the target wasm32, nothing else.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bindings=$1 out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="--target=wasm32 -nostdlib -nostdlibinc -ffreestanding -fno-builtin -O2 -std=c17 -fvisibility=hidden -mbulk-memory"
flags="$flags -I$here/../libc/include -I$bindings"
for source in "$here"/*.c "$here/../libc/memory.c"; do
    ${CLANG:-clang} $flags -Wall -Wextra -Werror -Wno-missing-field-initializers -c "$source" -o "$work/$(basename "$source").o"
done
# What is generated has its own habits.
${CLANG:-clang} $flags -w -c "$bindings/plugin.c" -o "$work/plugin.c.o"
${WASM_LD:-wasm-ld} --no-entry --gc-sections --strip-debug -z stack-size=32768 --stack-first \
    "$work"/*.o "$bindings/plugin_component_type.o" -o "$out"
