/* One line of each kind that check_text.sh refuses, and one that it must let through. */
static const char wide[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
static const char place[] = "/home/somebody/results.json";
/* TODO: finish this */
static const char fine[] = "host/root/file, mastodon, /tmp/x.XXXXXX";
