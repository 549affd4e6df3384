//! Rows of transfers that change when what they say does.
//!
//! Numbers that flicker tell nothing, and cost a slow line its calm: a row is taken anew when its
//! percent or state is another, the selected one with each update, and all of them now and then.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::list::{Identified as _, List};
use super::rows::TransferKey;
use crate::daemon::state::TransferRow;
use crate::rate::CalmRate;
use crate::tui::format;

/// Rate and rest of a row are taken anew after so long even when its percent has not changed.
const ROW_LIFE: SignedDuration = SignedDuration::from_secs(5);

/// What is remembered of the rows of one list.
#[derive(Debug, Default)]
pub struct CalmRows {
    rates: HashMap<TransferKey, CalmRate>,
    refreshed_at: Option<Timestamp>,
}

impl CalmRows {
    /// Makes `rows`, which are about to replace those of `list`, say only what is news.
    pub fn settle(
        &mut self,
        rows: &mut [TransferRow],
        list: &List<TransferRow>,
        is_focused: bool,
        now: Timestamp,
    ) {
        let mut rates = HashMap::with_capacity(rows.len());
        for row in rows.iter_mut() {
            let key = row.key();
            let mut rate = self.rates.get(&key).copied().unwrap_or_default();
            let shown = rate_of(row);
            *shown = rate.take(*shown);
            rates.insert(key, rate);
        }
        self.rates = rates;
        let is_due = |at: Timestamp| now.duration_since(at) >= ROW_LIFE;
        if self.refreshed_at.is_none_or(is_due) {
            self.refreshed_at = Some(now);
            return;
        }
        let selected = list.selected().filter(|_| is_focused).map(TransferRow::key);
        let shown: HashMap<TransferKey, &TransferRow> =
            list.rows().iter().map(|row| (row.key(), row)).collect();
        for row in rows {
            let key = row.key();
            if Some(&key) == selected.as_ref() {
                continue;
            }
            let shown = shown.get(&key).filter(|shown| looks_the_same(shown, row));
            if let Some(shown) = shown {
                row.clone_from(shown);
            }
        }
    }
}

const fn rate_of(row: &mut TransferRow) -> &mut u64 {
    match row {
        TransferRow::Down(status) => &mut status.rate_bytes,
        TransferRow::Up { rate_bytes, .. } => rate_bytes,
    }
}

fn looks_the_same(shown: &TransferRow, new: &TransferRow) -> bool {
    match (shown, new) {
        (TransferRow::Down(shown), TransferRow::Down(new)) => {
            shown.state == new.state
                && shown.sources == new.sources
                && shown.priority == new.priority
                && shown.limit_bytes == new.limit_bytes
                && (shown.rate_bytes == 0) == (new.rate_bytes == 0)
                && format::percent(shown.done_bytes, shown.size_bytes)
                    == format::percent(new.done_bytes, new.size_bytes)
        }
        (
            TransferRow::Up {
                client: shown_client,
                sent_bytes: shown_sent,
                size_bytes,
                rate_bytes: shown_rate,
                ..
            },
            TransferRow::Up {
                client,
                sent_bytes,
                rate_bytes,
                ..
            },
        ) => {
            shown_client == client
                && (*shown_rate == 0) == (*rate_bytes == 0)
                && format::percent(*shown_sent, *size_bytes)
                    == format::percent(*sent_bytes, *size_bytes)
        }
        _ => false,
    }
}
