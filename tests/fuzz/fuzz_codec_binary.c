/* The binary codec: what it accepts, it writes to the same bytes, and JSON can say it too. */
#include "fuzz.h"

#include <string.h>

#include "minibus/codec.h"
#include "minibus/error.h"

static void check_same(const mb_message *m, const void *data, size_t size) {
    mb_buffer again = {0};
    FUZZ_CHECK(mb_codec_binary.encode(&again, m) == 0);
    FUZZ_CHECK(again.size == size && memcmp(again.data, data, size) == 0);
    mb_buffer_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mb_message *m = NULL, *through_json = NULL;
    const int rc = mb_codec_binary.decode(&m, data, size);
    if (rc) {
        FUZZ_CHECK(rc == MB_EFORMAT || rc == MB_EVERSION || rc == MB_ELIMIT);
        FUZZ_CHECK(!m);
        return 0;
    }
    mb_buffer json = {0};
    check_same(m, data, size);
    FUZZ_CHECK(mb_codec_json.encode(&json, m) == 0);
    FUZZ_CHECK(mb_codec_json.decode(&through_json, json.data, json.size) == 0);
    check_same(through_json, data, size);
    mb_buffer_clear(&json);
    mb_message_unref(through_json);
    mb_message_unref(m);
    return 0;
}
