#!/bin/sh
# Makes a plugin in JavaScript: build.sh BINDINGS OUT.wasm [PLUGIN.js]
# BINDINGS is the folder that `acquit-bindings` wrote. Needs clang and lld with the target wasm32, a C compiler for this
# machine, and MicroQuickJS, whose source cargo fetches with the crate that carries it (or MQUICKJS names its folder).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bindings=$1 out=$2 plugin=${3:-$here/plugin.js}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -z "${MQUICKJS:-}" ]; then
    manifest=$here/interpreter/Cargo.toml
    crate=$(cargo metadata --locked --format-version 1 --manifest-path "$manifest" |
        tr ',' '\n' | sed -n 's|.*"manifest_path":"\(.*/mquickjs-sys-[^/]*\)/Cargo.toml".*|\1|p' | head -1)
    MQUICKJS=$crate/vendor/mquickjs
fi

# The interpreter's own library of objects, as tables for a machine of 32 bits. It says that a hash is fuller than it
# could be; that costs a little speed.
${CC:-cc} -w -O1 -I"$MQUICKJS" -o "$work/library" "$MQUICKJS/mqjs_stdlib.c" "$MQUICKJS/mquickjs_build.c" -lm
"$work/library" -a -m32 >"$work/mquickjs_atom.h" 2>"$work/said"
{
    printf '#include <stddef.h>\n#include <stdint.h>\n#include "mquickjs_priv.h"\n'
    for name in print gc date_now performance_now load setTimeout clearTimeout; do
        echo "JSValue js_$name(JSContext *, JSValue *, int, JSValue *);"
    done
    "$work/library" -m32 2>"$work/said"
} >"$work/library.c"

# The source text, behind its prelude.
{
    printf '#include <stddef.h>\nconst char SOURCE[] = {\n'
    cat "$here/prelude.js" "$plugin" "$here/epilogue.js" | od -An -v -tx1 | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
    printf '0};\nconst size_t SOURCE_BYTES = sizeof SOURCE - 1;\n'
} >"$work/source.c"

flags="--target=wasm32 -nostdlib -nostdlibinc -ffreestanding -fno-builtin -O2 -std=gnu17 -fvisibility=hidden -mbulk-memory"
flags="$flags -I$here/include -I$here/../libc/include -I$bindings -I$work -I$MQUICKJS"
for source in "$here/guest.c" "$here/../libc/memory.c"; do
    ${CLANG:-clang} $flags -Wall -Wextra -Werror -Wno-unused-parameter -c "$source" -o "$work/$(basename "$source").o"
done
for source in "$work/library.c" "$work/source.c" \
    "$MQUICKJS/mquickjs.c" "$MQUICKJS/cutils.c" "$MQUICKJS/dtoa.c" "$MQUICKJS/libm.c"; do
    ${CLANG:-clang} $flags -w -c "$source" -o "$work/$(basename "$source").o"
done
# The interpreter recurses more deeply than a plugin in C.
${WASM_LD:-wasm-ld} --no-entry --gc-sections --strip-debug -z stack-size=131072 --stack-first \
    "$work"/*.o "$bindings/plugin_component_type.o" -o "$out"
