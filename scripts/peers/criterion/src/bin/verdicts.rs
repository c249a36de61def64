// The bodies of the selftest (libbench/selftest/bodies.c) for criterion. VERDICTS_WORK is how much
// an iteration does, in thousandths: with 1020 it does 1.02 times the operations of 1000.
use criterion::{criterion_group, criterion_main, Criterion};
use std::alloc::{alloc, dealloc, Layout};
use std::arch::asm;
use std::time::Duration;

fn operations(per_thousandth: usize) -> usize {
    let work = std::env::var("VERDICTS_WORK").map_or(1000, |text| text.parse().unwrap());
    per_thousandth * work
}

// The compiler knows nothing of the value afterwards, and it costs no instruction.
fn barrier(mut value: u64) -> u64 {
    unsafe { asm!("/* {0} */", inout(reg) value, options(nostack, preserves_flags)) };
    value
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

// Multiplications, each waiting for the last.
fn latency(c: &mut Criterion) {
    let n = operations(10);
    c.bench_function("latency", |b| {
        b.iter(|| {
            let y = barrier(3);
            let mut x = n as u64;
            for _ in 0..n {
                x = barrier(x.wrapping_mul(y));
            }
            x
        })
    });
}

// Branches that follow a generator, in 25 places.
macro_rules! branch {
    ($x:ident, $a:ident) => {
        $x = $x
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        if $x >> 63 != 0 {
            $a = barrier($a.wrapping_add($x));
        } else {
            $a = barrier($a ^ $x);
        }
    };
}

macro_rules! branches_5 {
    ($x:ident, $a:ident) => {
        branch!($x, $a);
        branch!($x, $a);
        branch!($x, $a);
        branch!($x, $a);
        branch!($x, $a);
    };
}

fn branch(c: &mut Criterion) {
    let n_operations = operations(5);
    let mut x: u64 = 88172645463325252;
    c.bench_function("branch", |b| {
        b.iter(|| {
            let mut a = 0u64;
            let mut n = n_operations;
            while n >= 25 {
                branches_5!(x, a);
                branches_5!(x, a);
                branches_5!(x, a);
                branches_5!(x, a);
                branches_5!(x, a);
                n -= 25;
            }
            while n > 0 {
                branch!(x, a);
                n -= 1;
            }
            a
        })
    });
}

// One cycle through 256 KiB, a step for each cache line.
#[repr(C)]
struct Line {
    next: u32,
    unused: [u8; 60],
}

fn linked_lines() -> Vec<Line> {
    let mut next: Vec<u32> = (0..(256 << 10) / 64).collect();
    let mut random = Random(1);
    for i in (1..next.len()).rev() {
        next.swap(i, (random.next() % i as u64) as usize);
    }
    next.into_iter()
        .map(|next| Line { next, unused: [0; 60] })
        .collect()
}

fn cache(c: &mut Criterion) {
    let n = operations(5);
    let lines = linked_lines();
    let mut at = 0u32;
    c.bench_function("cache", |b| {
        b.iter(|| {
            for _ in 0..n {
                at = unsafe { lines.get_unchecked(at as usize) }.next;
            }
            at as u64 + lines[0].unused[0] as u64
        })
    });
}

// Round and round 128 KiB, neither side aligned.
fn copy(c: &mut Criterion) {
    const RING: usize = 128 << 10;
    const FROM: usize = 1;
    const TO: usize = FROM + RING + 64 * 1024 + 2048 + 34;
    let n_bytes = operations(1200);
    let mut bytes = vec![7u8; TO + RING];
    let start = bytes.as_mut_ptr();
    let mut at = 0;
    c.bench_function("copy", |b| {
        b.iter(|| {
            let mut n = n_bytes;
            while n > 0 {
                let to_end = RING - at;
                let now = n.min(to_end);
                unsafe {
                    std::ptr::copy_nonoverlapping(start.add(FROM + at), start.add(TO + at), now);
                }
                barrier(start as u64); // which may have been read through
                at = if now < to_end { at + now } else { 0 };
                n -= now;
            }
        })
    });
}

// Free and malloc of 16 bytes to 4 KiB; a block lives for 64 steps.
fn allocator(c: &mut Criterion) {
    let n = operations(1);
    let mut random = Random(2);
    let layout = |size| Layout::from_size_align(size, 1).unwrap();
    let sizes: Vec<usize> = (0..1 << 12)
        .map(|_| 16 + (random.next() % 4081) as usize)
        .collect();
    let mut slots: Vec<(*mut u8, usize)> = (0..64)
        .map(|_| (unsafe { alloc(layout(16)) }, 16))
        .collect();
    let mut at = 0usize;
    c.bench_function("allocator", |b| {
        b.iter(|| {
            for _ in 0..n {
                let slot = &mut slots[at * 37 % 64];
                let size = sizes[at % (1 << 12)];
                unsafe {
                    dealloc(slot.0, layout(slot.1));
                    *slot = (alloc(layout(size)), size);
                }
                barrier(slot.0 as u64);
                at += 1;
            }
        })
    });
}

// 100,000 resamples, the default, would take four times as long as the measuring.
criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(500))
        .nresamples(10_000)
        .without_plots();
    targets = latency, branch, cache, copy, allocator
}
criterion_main!(benches);
