#pragma once
typedef int jmp_buf[1];
#define setjmp(place) ((void)(place), 0)
_Noreturn void longjmp(jmp_buf place, int value);
