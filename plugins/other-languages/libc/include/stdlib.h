// What a plugin needs of the C library and no more: without a system there is nothing behind the rest.
#pragma once
#include <stddef.h>

void *malloc(size_t size);
void *realloc(void *old, size_t size);
void free(void *memory);
_Noreturn void abort(void);
