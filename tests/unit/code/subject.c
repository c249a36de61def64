/*
 * What is compared: built once as it is, and once more for each macro with that one change. See
 * CMakeLists.txt. subject() reaches most of the file, bystander() nothing that changes.
 */
#include "subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __clang__
#define APART __attribute__((noinline))
#else
#define APART __attribute__((noinline, noclone))
#endif

#ifdef MOVED
int newcomers[17] = {1};
double more_newcomers[3] = {2.5};
APART int newcomer(int x) {
    newcomers[x & 15] += x;
    printf("a text that moves the others, %d %s\n", newcomers[x & 7], "and another one");
    return (int)(more_newcomers[x & 1] * 17.25);
}
#endif

#ifdef CONSTANT
#define FACTOR 1001
#else
#define FACTOR 1000
#endif

#ifdef LITERAL
#define TEXT "a text to prins"
#else
#define TEXT "a text to print"
#endif

#ifdef SHORT_LITERAL
#define SHORT "no"
#else
#define SHORT "yo"
#endif

#ifdef FLOATING
#define RATIO 0.3333333333333333
#else
#define RATIO 0.3333333333333334
#endif

#ifdef TABLE
#define LAST 30
#else
#define LAST 29
#endif

#ifdef VARIABLE
int limit = 41;
#else
int limit = 40;
#endif
int first_counter, second_counter;
static const int table[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, LAST};

APART static int callee(int x) {
#ifdef CALLEE
    return x / 3 + 1;
#else
    return x / 3 + 2;
#endif
}

APART static int by_size(const void *a, const void *b) {
#ifdef CALLBACK
    return *(const int *)b - *(const int *)a;
#else
    return *(const int *)a - *(const int *)b;
#endif
}

/* a jump table, or with some compilers and options a table of texts */
APART static int jumps(int x) {
    switch (x) {
    case 0:
        return printf("zero");
    case 1:
        return callee(x) + 5;
    case 2:
        return puts("two");
    case 3:
        return (int)strlen(getenv("HOME"));
    case 4:
        return x + limit;
#ifdef JUMP
    case 6:
#else
    case 5:
#endif
        return puts("six");
#ifdef JUMP
    case 5:
#else
    case 6:
#endif
        return callee(6);
    case 7:
        abort();
    default:
        return 0;
    }
}

APART static const char *words(int x) {
    switch (x) {
    case 0:
        return "none";
    case 1:
        return "one";
    case 2:
        return "a pair";
    case 3:
        return "three";
    case 4:
#ifdef WORDS
        return "fore";
#else
        return "four";
#endif
    default:
        return "many";
    }
}

APART static int operation(int x) {
#ifdef OPERATION
    return x ^ 0x1234;
#else
    return x ^ 0x1235;
#endif
}

APART static int other_operation(int x) {
    return x & 0x0f0f;
}

struct operations {
    const char *name;
    int (*run)(int);
};
static const struct operations operations[] = {{"first", operation}, {"second", other_operation}};

APART int subject(int x) {
    int sum = 0, copy[10];
    for (const int *p = table; p != table + 10; p++) {
        sum += *p * FACTOR;
    }
    memcpy(copy, table, sizeof copy);
    qsort(copy, 10, sizeof *copy, by_size);
#ifdef OTHER_VARIABLE
    second_counter += sum;
#else
    first_counter += sum;
#endif
    printf("%s %s %f %s %d\n", TEXT, SHORT, (x + 1) * RATIO, words(x), copy[x & 7]);
    const struct operations *o = &operations[x & 1];
    puts(o->name);
#ifdef IMPORT
    sum += (int)labs(atoi(&TEXT[x]));
#else
    sum += (int)atol(&TEXT[x]);
#endif
    return sum + jumps(x) + o->run(limit) + (x > 0 ? subject(x - 1) : first_counter);
}

APART int bystander(int x) {
    second_counter += first_counter;
    return puts("nothing that changes") + other_operation(x) + (int)(x * 0.75);
}

int main(int argc, char **argv) {
    (void)argv;
#ifdef MOVED
    newcomer(argc);
#endif
    return subject(argc) + bystander(argc) + twin_a(argc) + twin_b(argc);
}
