#include "base/mem.h"
#include "measure/clock.h"
#include "measure/host.h"
#include "model.h"
#include <bench/result.h>
#include <string.h>
