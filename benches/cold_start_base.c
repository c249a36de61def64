/* What cold_start is compared with: a program that does nothing but write its byte. */
#include <unistd.h>

int main(void) {
    return write(STDOUT_FILENO, "r", 1) != 1;
}
