// The cost of criterion's loop around nothing but keeping a value.
use criterion::{black_box, criterion_group, criterion_main, Criterion};
use std::time::Duration;

fn empty(c: &mut Criterion) {
    let x = 1;
    c.bench_function("empty", |b| b.iter(|| black_box(x)));
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .sample_size(20)
        .without_plots();
    targets = empty
}
criterion_main!(benches);
