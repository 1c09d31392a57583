#pragma once
#include <stdint.h>
#define PRIo32 "o"
#define PRIo64 "llo"
#define PRId64 "lld"
#define PRIu64 "llu"
#define PRIx64 "llx"
#define PRIX64 "llX"
#define PRIu32 "u"
#define PRId32 "d"
#define PRIx32 "x"
