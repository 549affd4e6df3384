//! Uploads of one file as one row: a popular file would fill the list with itself.

use std::collections::HashMap;

use protocol::hash::ContentHash;

use crate::daemon::state::TransferRow;

/// One file and all that it goes to.
struct File<'a> {
    hash: ContentHash,
    name: &'a str,
    clients: Vec<&'a str>,
    size_bytes: u64,
    sent_bytes: u64,
    rate_bytes: u64,
}

/// The uploads with one row a content, where its first one stood. Rates are added; what was sent is
/// the mean, so that a row still tells how far it has come.
pub fn by_file(uploads: &[TransferRow]) -> Vec<TransferRow> {
    let mut files: Vec<File<'_>> = Vec::new();
    let mut at: HashMap<ContentHash, usize> = HashMap::new();
    for upload in uploads {
        let TransferRow::Up {
            hash,
            name,
            client,
            size_bytes,
            sent_bytes,
            rate_bytes,
            ..
        } = upload
        else {
            continue;
        };
        let place = *at.entry(*hash).or_insert(files.len());
        if place == files.len() {
            files.push(File {
                hash: *hash,
                name,
                clients: Vec::new(),
                size_bytes: *size_bytes,
                sent_bytes: 0,
                rate_bytes: 0,
            });
        }
        let file = &mut files[place];
        if !file.clients.contains(&client.as_str()) {
            file.clients.push(client);
        }
        file.sent_bytes = file.sent_bytes.saturating_add(*sent_bytes);
        file.rate_bytes = file.rate_bytes.saturating_add(*rate_bytes);
    }
    files.into_iter().map(File::row).collect()
}

impl File<'_> {
    fn row(mut self) -> TransferRow {
        // Uploads come in the order of their rates: a row that says the same stays the same.
        self.clients.sort_unstable();
        let clients = self.clients.len().max(1);
        TransferRow::Up {
            hash: self.hash,
            name: self.name.to_owned(),
            client: self.clients.join(", "),
            clients,
            size_bytes: self.size_bytes,
            sent_bytes: self.sent_bytes / clients as u64,
            rate_bytes: self.rate_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(number: u8, client: &str, sent_bytes: u64) -> TransferRow {
        TransferRow::Up {
            hash: ContentHash::from_bytes([number; 32]),
            name: format!("{number}.iso"),
            client: client.to_owned(),
            clients: 1,
            size_bytes: 100,
            sent_bytes,
            rate_bytes: 7,
        }
    }

    #[test]
    fn uploads_of_a_file_are_one_row_and_others_stay_as_they_are() {
        let alone = upload(2, "nas", 90);
        let uploads = [
            upload(1, "marta", 60),
            alone.clone(),
            upload(1, "box-3", 20),
            upload(1, "marta", 10),
        ];
        let together = TransferRow::Up {
            hash: ContentHash::from_bytes([1; 32]),
            name: "1.iso".to_owned(),
            client: "box-3, marta".to_owned(),
            clients: 2,
            size_bytes: 100,
            sent_bytes: 45,
            rate_bytes: 21,
        };
        assert_eq!(by_file(&uploads), [together.clone(), alone.clone()]);
        let fields = |row| serde_json::to_value(row).expect("a row").to_string();
        assert!(!fields(&alone).contains("clients"), "{}", fields(&alone));
        assert!(fields(&together).contains("\"clients\":2"));
    }
}
