//! Lists that hold what they hold and nothing beside: giving room back to the allocator leaves a
//! block where it is as long as half of it is used, so what has grown is copied once instead.

/// Of so many bytes one unused is not worth a copy.
const SLACK_MAX_SHARE: usize = 16;

/// `list` in a block of its size.
pub fn list<T: Copy>(list: Vec<T>) -> Box<[T]> {
    if has_slack(list.capacity(), list.len()) {
        return list.as_slice().into();
    }
    list.into()
}

/// `text` in a block of its size.
pub fn text(text: String) -> Box<str> {
    if has_slack(text.capacity(), text.len()) {
        return text.as_str().into();
    }
    text.into()
}

fn has_slack(capacity: usize, len: usize) -> bool {
    (capacity - len) * SLACK_MAX_SHARE > capacity
}
