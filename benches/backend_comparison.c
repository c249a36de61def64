/* backend_comparison: the same work over every transport, side by side. A backend that is not there
 * is a skipped row with the reason. */
#include "backends.h"
#include "suites.h"

bench_suite *backend_comparison_suite(void) {
    bench_suite *suite = bench_suite_new("backend_comparison");
    backend_comparison_add_throughput(suite);
    backend_comparison_add_latency(suite);
    backend_comparison_add_costs(suite);
    return suite;
}
