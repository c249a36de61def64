/* A static function of the same name as in twin_a.c. */
#include "subject.h"

__attribute__((noinline)) static int twin(int x) {
#ifdef TWIN
    return x * 7 + 2;
#else
    return x * 7 + 3;
#endif
}

int twin_b(int x) {
    return twin(x) + 2;
}
