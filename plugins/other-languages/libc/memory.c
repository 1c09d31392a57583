// Memory for one call. Every call runs in a fresh instance, so nothing is ever given back: what is handed out lies
// behind what was handed out before, and is of zeros.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 65536u
#define ALIGNMENT 16u

// The linker puts it behind the stack and the data.
extern uint8_t __heap_base;

static uintptr_t next;

void *malloc(size_t size) {
    if (next == 0) next = (uintptr_t)&__heap_base;
    uintptr_t start = (next + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1);
    uintptr_t end = start + size;
    if (end < start) abort();
    uintptr_t have = (uintptr_t)__builtin_wasm_memory_size(0) * PAGE_BYTES;
    if (end > have && __builtin_wasm_memory_grow(0, (end - have + PAGE_BYTES - 1) / PAGE_BYTES) == SIZE_MAX) abort();
    next = end;
    return (void *)start;
}

// Only `cabi_realloc` asks, and only for new memory or for a little more: the old length is not known, so as much is
// copied as the new one holds, which lies within the memory of the instance.
void *realloc(void *old, size_t size) {
    void *new = malloc(size);
    if (old != NULL) {
        size_t behind = (uintptr_t)new - (uintptr_t)old;
        memcpy(new, old, size < behind ? size : behind);
    }
    return new;
}

void free(void *memory) { (void)memory; }

// The terminal sees a trap, names the plugin and goes on; what may have moved money is reversed.
_Noreturn void abort(void) { __builtin_trap(); }

// With bulk memory these are single instructions.
void *memcpy(void *restrict to, const void *restrict from, size_t size) { return __builtin_memcpy(to, from, size); }

void *memmove(void *to, const void *from, size_t size) { return __builtin_memmove(to, from, size); }

void *memset(void *to, int byte, size_t size) { return __builtin_memset(to, byte, size); }

int memcmp(const void *one, const void *other, size_t size) {
    const uint8_t *left = one, *right = other;
    for (size_t at = 0; at < size; at++) {
        if (left[at] != right[at]) return left[at] < right[at] ? -1 : 1;
    }
    return 0;
}

size_t strlen(const char *text) {
    size_t length = 0;
    while (text[length] != 0) length++;
    return length;
}
