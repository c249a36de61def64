/* Calls a function of a shared library. */
int answer(void);
int subject(void);

#ifdef USER_MOVED
int newcomer(int x);
int newcomer(int x) {
    return x * answer();
}
#endif

__attribute__((noinline)) int subject(void) {
    return answer() + 1;
}

int main(void) {
    return subject() - 2;
}
