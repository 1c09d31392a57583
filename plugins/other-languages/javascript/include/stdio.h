#pragma once
#include <stdarg.h>
#include <stddef.h>
int snprintf(char *out, size_t size, const char *format, ...);
int vsnprintf(char *out, size_t size, const char *format, va_list arguments);
int printf(const char *format, ...);
int putchar(int c);
