#include "work.hpp"

#ifdef WORK_two
int another(int n);
int another(int n) {
    return n == 7 ? 3 : another(n * 3 + 1) + 1;
}
#endif

int work_first(int n) {
    return n % 3 == 0 ? n / 3 : n + 1;
}

int work_second(int n) {
    return n % 5 == 0 ? n / 5 : n * 3 + 1;
}
