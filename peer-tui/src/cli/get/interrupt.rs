//! A signal while `get` waits for a daemon: the download goes on there, and whoever asked for it is
//! told so, or, where nobody can take what comes any more, it ends, too.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::print;
use crate::cli::trouble::Trouble;
use crate::daemon::client::Client;
use crate::daemon::command::Action;
use crate::fetch::DownloadId;

/// The daemon has a wish on disk before it answers; whoever presses Ctrl-C at that moment waits so
/// long to hear the number.
const ANSWER_WAIT: Duration = Duration::from_secs(1);

/// What a signal finds.
#[derive(Clone, Default)]
pub struct Waited(Arc<Shared>);

#[derive(Default)]
struct Shared {
    ids: Mutex<Option<Vec<DownloadId>>>,
    is_known: Condvar,
    /// Held from the signal to the end of the program.
    ending: Mutex<()>,
}

impl Waited {
    /// From now on a signal ends the program with the code of the contract. `spool` is the folder
    /// that the file goes to on its way to standard output, and `data` the folder of the daemon.
    ///
    /// # Errors
    /// When signals cannot be listened for.
    pub fn listen(data: PathBuf, spool: Option<PathBuf>) -> Result<Self, Trouble> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])
            .map_err(|error| Trouble::failed(format!("listen for signals: {error}")))?;
        let waited = Self::default();
        let found = waited.clone();
        std::thread::spawn(move || {
            let Some(signal) = signals.forever().next() else {
                return;
            };
            let _ending = found.0.ending.lock();
            let ids = found.ids();
            match spool {
                Some(spool) => give_up(&data, &spool, ids),
                None => print::own_line(&last_words(&ids)),
            }
            std::process::exit(128 + signal);
        });
        Ok(waited)
    }

    /// These are waited for.
    pub fn begin(&self, ids: &[DownloadId]) {
        let known = self.0.ids.lock();
        *known.unwrap_or_else(PoisonError::into_inner) = Some(ids.to_vec());
        self.0.is_known.notify_all();
    }

    fn ids(&self) -> Vec<DownloadId> {
        let ids = self.0.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self
            .0
            .is_known
            .wait_timeout_while(ids, ANSWER_WAIT, |ids| ids.is_none());
        let (ids, _) = known.unwrap_or_else(PoisonError::into_inner);
        ids.clone().unwrap_or_default()
    }

    /// After a signal this is the end: what it did to a download is not told as an error.
    pub fn go_on(&self) {
        drop(self.0.ending.lock());
    }
}

/// Nobody reads what would come.
fn give_up(data: &Path, spool: &Path, ids: Vec<DownloadId>) {
    print::own_line("");
    // A daemon that is gone fetches nothing.
    if let Ok(mut client) = Client::connect(data) {
        let _ = client.ask(Action::Cancel { ids });
    }
    let _ = std::fs::remove_dir_all(spool);
}

fn last_words(ids: &[DownloadId]) -> String {
    match ids {
        [] => String::new(),
        [id] => format!(
            "the download goes on in the daemon: `peer-tui transfers` shows it, \
             `peer-tui cancel {id}` stops it"
        ),
        ids => format!(
            "{} downloads go on in the daemon: `peer-tui transfers` shows them, \
             `peer-tui cancel ID...` stops them",
            ids.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_said_with_how_to_stop_it() {
        assert_eq!(last_words(&[]), "");
        assert!(last_words(&[DownloadId(7)]).contains("`peer-tui cancel 7`"));
        let several = last_words(&[DownloadId(7), DownloadId(8)]);
        assert!(several.starts_with("2 downloads go on"), "{several}");
    }
}
