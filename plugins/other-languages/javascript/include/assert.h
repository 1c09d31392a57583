#pragma once
#include <stdlib.h>
#define assert(what) ((what) ? (void)0 : abort())
