//! Curves of block characters: one line (sparkline) or several (speed).

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::tui::theme::Token;

const LEVELS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// One line, scaled to `peak`.
pub fn sparkline(samples: &[u64], peak: u64) -> String {
    samples
        .iter()
        .map(|sample| {
            // What is not nothing is seen.
            let level = if *sample == 0 {
                1
            } else {
                1 + u128::from(*sample) * 7 / u128::from(peak.max(1))
            };
            LEVELS[usize::try_from(level).unwrap_or(8).min(8)]
        })
        .collect()
}

/// A peak that reads well on an axis: 1, 2 or 5 times a power of ten, in the unit of the peak.
pub fn round_peak(peak: u64) -> u64 {
    let mut unit = 1;
    while peak / unit >= 1_000 {
        unit *= 1_024;
    }
    let value = peak.div_ceil(unit).max(1);
    let mut step = 1;
    loop {
        for factor in [1, 2, 5] {
            if value <= step * factor {
                return step * factor * unit;
            }
        }
        step *= 10;
    }
}

/// Draws `samples`, the newest at the right edge, scaled to `peak`, into `area`.
pub fn graph(canvas: &mut Canvas<'_>, area: Rect, samples: &[u64], peak: u64) {
    let height = u128::from(area.height);
    let shown = &samples[samples.len().saturating_sub(usize::from(area.width))..];
    let start = area
        .right()
        .saturating_sub(u16::try_from(shown.len()).unwrap_or(area.width));
    for line in 0..area.height {
        let floor = u128::from(area.height - 1 - line) * 8;
        let text: String = shown
            .iter()
            .map(|sample| {
                let eighths = u128::from(*sample) * height * 8 / u128::from(peak.max(1));
                let level = eighths.saturating_sub(floor).min(8);
                LEVELS[usize::try_from(level).unwrap_or(8)]
            })
            .collect();
        canvas.put(start, area.y + line, &text, Token::Graph);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_are_rounded_up_in_their_unit() {
        assert_eq!(round_peak(0), 1);
        assert_eq!(round_peak(13 << 20), 20 << 20);
        assert_eq!(round_peak(999), 1000);
        assert_eq!(round_peak(3 << 10), 5 << 10);
        for peak in [1, 7, 1_000, 123_456_789, u64::MAX / 4] {
            assert!(round_peak(peak) >= peak, "{peak}");
        }
    }

    #[test]
    fn a_sparkline_shows_the_shape() {
        assert_eq!(sparkline(&[0, 1, 50, 100], 100), "▁▁▄█");
    }
}
