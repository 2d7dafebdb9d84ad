//! The pool: `jobs` threads take cells in order, the caller sees each result as it comes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Runs `work` over all items on `jobs` threads and hands each result to `each`, on this thread, in the order of completion.
/// `stop` is asked before an item is started; once it says true, what is left is not begun.
pub fn run<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    stop: impl Fn() -> bool + Sync,
    work: impl Fn(&T) -> R + Sync,
    mut each: impl FnMut(usize, R),
) {
    let next = AtomicUsize::new(0);
    // One slot per thread: a result waits for its reader instead of piling up, so memory does not grow with the items.
    let (sender, receiver) = mpsc::sync_channel(jobs.max(1));
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            let (sender, next, stop, work) = (sender.clone(), &next, &stop, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index).filter(|_| !stop()) else { return };
                    if sender.send((index, work(item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (index, result) in receiver {
            each(index, result);
        }
    });
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_item_is_worked_on_once() {
        let items: Vec<usize> = (0..100).collect();
        let mut seen = vec![0; 100];
        super::run(&items, 4, || false, |item| *item, |index, item| seen[index] += usize::from(index == item));
        assert!(seen.iter().all(|n| *n == 1));
    }
}
