/* The spread of values within groups and what it is worth. Knows nothing of runs. */
#include "stats/spread.h"

#include "stats/describe.h"

#include <math.h>

#define TAIL_DF 9.0

struct bench__spread bench__pooled_spread(const double *x, const size_t *start, size_t n_groups) {
    double squares = 0, plain_df = 0, worth = 0;
    for (size_t g = 0; g < n_groups; g++) {
        const size_t n = start[g + 1] - start[g];
        if (n >= 2) {
            squares += bench__variance(x + start[g], n) * (double)(n - 1);
            plain_df += (double)(n - 1);
            worth += bench__effective_size(x + start[g], n) - 1;
        }
    }
    if (plain_df == 0) {
        return (struct bench__spread){NAN, NAN};
    }
    return (struct bench__spread){sqrt(squares / plain_df), 1 / (1 / fmax(worth, 1) + 1 / TAIL_DF)};
}
