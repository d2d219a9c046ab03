//! Figures: of times, of a process, and whether they are what was wanted.

use std::time::Duration;

use anyhow::{Context, Result};

/// Bytes of a megabyte.
pub const MB: u64 = 1 << 20;

/// Clock ticks that Linux counts in a second for processes to see, on every architecture.
const TICKS: u32 = 100;

/// Times in order.
pub struct Times(Vec<Duration>);

impl Times {
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub fn joined(several: Vec<Self>) -> Self {
        Self::new(several.into_iter().flat_map(|times| times.0).collect())
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that so many in a hundred do not exceed.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100);
        let time = self.0.get(rank.saturating_sub(1));
        time.copied().unwrap_or_default()
    }

    pub fn last(&self) -> Duration {
        self.percentile(100)
    }
}

/// Milliseconds to print.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Megabytes to print.
pub fn mb(bytes: u64) -> f64 {
    ratio(bytes, MB)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and bytes of one machine, to print"
)]
pub fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Says whether an aim is met, as `run` does.
pub fn judge(met: bool, text: &str) {
    println!("aim {} {text}", if met { "met:   " } else { "missed:" });
}

/// Resident memory of a process, bytes.
pub fn resident(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let text = line.context("/proc tells no resident memory")?;
    let kilobytes: u64 = text.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024)
}

/// Processor time that a process has used, its own and the kernel's on its behalf.
pub fn processor_time(process: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may hold anything, so what follows it is counted.
    let (_, fields) = stat.rsplit_once(')').context("/proc tells no name")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    let used = ticks().zip(ticks()).map(|(user, system)| user + system);
    let used = used.context("/proc tells no processor time")?;
    Ok(Duration::from_secs(used.into()) / TICKS)
}
