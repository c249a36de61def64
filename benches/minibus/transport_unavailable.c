/* Stands in for a backend whose client library was not there at build time, once for each. The
 * build says which: MB_BACKEND (a name), MB_SCHEME and MB_LIBRARY (texts). */
#include "minibus/transport_backend.h"

static int open_not_built(mb_transport **out, const struct mb__url *url, mb_error *error) {
    (void)out;
    (void)url;
    return mb__fail(error, MB_EUNAVAILABLE, "built without %s", MB_LIBRARY);
}

const struct mb__backend MB_BACKEND = {.scheme = MB_SCHEME, .open = open_not_built};
