#ifndef BRANCHY_H
#define BRANCHY_H

#include <bench/bench.h>

uint32_t branchy(uint32_t x);

#endif
