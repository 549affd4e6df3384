//! Instruments of the serving side, in the text format of Prometheus. The doc comment of a field is
//! its help text.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::stream::Cut;
use super::uploads::Sums;

/// Labels of a request that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// The route's pattern, never the path as it was asked for.
    pub route: &'static str,
    /// Status of the answer.
    pub status: u16,
}

/// Labels of an answer that was cut.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CutLabels {
    /// `file-changed`, `client` or `disk`.
    pub reason: &'static str,
}

macro_rules! instruments {
    ($(#[doc = $help:literal] $name:ident: $type:ty,)*) => {
        /// The instruments; one set a peer.
        #[derive(Debug)]
        pub struct Metrics {
            registry: Registry,
            $(#[doc = $help] pub $name: $type,)*
        }

        impl Metrics {
            /// All instruments at zero, registered under `peerdex_peer_`.
            pub fn new() -> Arc<Self> {
                let mut registry = Registry::with_prefix("peerdex_peer");
                $(
                    let $name = <$type>::default();
                    let help = $help.trim().trim_end_matches('.');
                    registry.register(stringify!($name), help, $name.clone());
                )*
                Arc::new(Self { registry, $($name,)* })
            }
        }
    };
}

instruments! {
    /// Requests answered, by route and status.
    requests: Family<RequestLabels, Counter>,
    /// Answers with bytes that were sent to their end.
    uploads_finished: Counter,
    /// Answers with bytes that were cut, by reason.
    uploads_cut: Family<CutLabels, Counter>,
    /// Requests that were turned away since upload slots were taken for too long.
    busy: Counter,
    /// Requests that waited in the row before they had an upload slot.
    waited: Counter,
    /// Answers with bytes, this peer's earlier runs included.
    uploads_begun: Counter,
    /// Bytes sent, this peer's earlier runs included.
    sent_bytes: Counter,
    /// Upload slots in use.
    slots_used: Gauge,
    /// Upload slots in all.
    slots: Gauge,
}

impl Metrics {
    /// Counts an answer.
    pub fn count_request(&self, route: &'static str, status: u16) {
        let labels = RequestLabels { route, status };
        self.requests.get_or_create(&labels).inc();
    }

    /// Counts the end of an answer with bytes.
    pub fn count_end(&self, cut: Option<Cut>) {
        let reason = match cut {
            None => {
                self.uploads_finished.inc();
                return;
            }
            Some(Cut::FileChanged) => "file-changed",
            Some(Cut::Client) => "client",
            Some(Cut::Disk) => "disk",
        };
        self.uploads_cut.get_or_create(&CutLabels { reason }).inc();
    }

    /// Everything, with the sums as they stand.
    pub fn encode(&self, sums: &Sums, slots: (usize, usize)) -> String {
        let set = |gauge: &Gauge, value: u64| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        let count = |counter: &Counter, sum: u64| counter.inner().store(sum, Ordering::Relaxed);
        count(&self.uploads_begun, sums.total_uploads);
        count(&self.sent_bytes, sums.total_bytes);
        set(&self.slots_used, slots.0 as u64);
        set(&self.slots, slots.1 as u64);
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
