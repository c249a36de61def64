// The cost of criterion's loop around nothing but keeping a value.
use criterion::{black_box, criterion_group, criterion_main, Criterion};

fn empty(c: &mut Criterion) {
    let x = 1;
    c.bench_function("empty", |b| b.iter(|| black_box(x)));
}

criterion_group!(benches, empty);
criterion_main!(benches);
