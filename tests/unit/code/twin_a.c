/* A static function of the same name as in twin_b.c. */
#include "subject.h"

__attribute__((noinline)) static int twin(int x) {
    return x * 7 + 1;
}

int twin_a(int x) {
    return twin(x) + 1;
}
