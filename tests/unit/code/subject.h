int subject(int x);
int bystander(int x);
int twin_a(int x);
int twin_b(int x);
