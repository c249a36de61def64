#include "stats/quantile.h"
#include <bench/common.h>
#include <bench/result.h>
