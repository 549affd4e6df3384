//! The names that a machine goes by in `Host`: a name that somebody else controls is how a web page
//! reaches into a private network (DNS rebinding).
//!
//! Pure; the name of the machine is told by the caller.

use std::net::IpAddr;

/// Names of one machine.
#[derive(Debug, Clone)]
pub struct MachineNames(
    /// Lower case, without port.
    Vec<String>,
);

impl MachineNames {
    /// `localhost`, the machine's own name, long, short and as mDNS has it, and `further` ones.
    pub fn new(machine: &str, further: &[String]) -> Self {
        let machine = machine.trim_end_matches('.').to_lowercase();
        let short = machine.split('.').next().unwrap_or_default().to_owned();
        let mut names = vec![
            "localhost".to_owned(),
            format!("{short}.local"),
            short,
            machine,
        ];
        names.extend(further.iter().map(|name| name.to_lowercase()));
        names.retain(|name| !name.is_empty() && name != ".local");
        Self(names)
    }

    /// Whether `host`, without port, is an address or one of the names.
    pub fn knows(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = host.trim_end_matches('.').to_lowercase();
        bare.parse::<IpAddr>().is_ok() || self.0.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_own_names_are_known_and_no_others() {
        let names = MachineNames::new("Attic.example.", &["Files.Home".to_owned()]);
        for ours in [
            "10.0.0.1",
            "[::1]",
            "LOCALHOST",
            "attic",
            "attic.local",
            "attic.example.",
            "files.home",
        ] {
            assert!(names.knows(ours), "{ours}");
        }
        for foreign in [
            "",
            ".local",
            "evil.example",
            "127.0.0.1.evil.example",
            "attic.evil",
        ] {
            assert!(!names.knows(foreign), "{foreign}");
        }
        assert!(!MachineNames::new("", &[]).knows(".local"));
    }
}
