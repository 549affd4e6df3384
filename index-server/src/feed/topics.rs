//! What a reader wants to hear of.

use protocol::event::Topic;

/// A set of topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topics(u8);

impl Topics {
    /// Everything: what a reader hears that asks for nothing.
    pub const fn all() -> Self {
        Self(u8::MAX)
    }

    /// These.
    pub fn of(topics: &[Topic]) -> Self {
        Self(topics.iter().fold(0, |bits, topic| bits | bit(*topic)))
    }

    /// Reads `peers,files`.
    ///
    /// # Errors
    /// A sentence that names the topics there are.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        Topic::list(text).map(|topics| Self::of(&topics))
    }

    /// Whether it is wanted.
    pub fn takes(self, topic: Topic) -> bool {
        self.0 & bit(topic) != 0
    }
}

const fn bit(topic: Topic) -> u8 {
    match topic {
        Topic::Peers => 1,
        Topic::Files => 2,
        Topic::Stats => 4,
        Topic::Downloads => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_topics_asked_for_are_taken() {
        let topics = Topics::parse("peers, downloads").unwrap();
        assert!(topics.takes(Topic::Peers) && topics.takes(Topic::Downloads));
        assert!(!topics.takes(Topic::Files) && !topics.takes(Topic::Stats));
        assert!(Topics::all().takes(Topic::Stats));
        assert!(!Topics::of(&[]).takes(Topic::Stats));
        assert!(Topics::parse("peers,everything").is_err());
    }
}
