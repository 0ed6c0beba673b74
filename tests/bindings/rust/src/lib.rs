//! What the two programs have in common.
use std::env;

/// Counts events, and says so after each tenth of them.
pub struct Count {
    total: u64,
    count: u64,
    bytes: u64,
}

impl Count {
    /// The total is the argument of the program.
    pub fn from_arguments() -> Count {
        let total = env::args().nth(1).and_then(|word| word.parse().ok()).filter(|total| *total >= 10);
        Count { total: total.expect("usage: COUNT, at least 10"), count: 0, bytes: 0 }
    }

    /// True: that was the last one.
    pub fn add(&mut self, length: usize) -> bool {
        self.count += 1;
        self.bytes += length as u64;
        if self.count % (self.total / 10) == 0 {
            println!("EVENTS {}", self.count);
        }
        self.count == self.total
    }
}
