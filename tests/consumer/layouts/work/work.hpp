extern "C" int work_first(int n);
extern "C" int work_second(int n);
