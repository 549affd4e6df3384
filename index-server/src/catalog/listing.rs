//! One owner's records by path: the pages behind a folder view.

use protocol::ids::{FileId, PeerId};

use super::cursor;
use super::layer::{Layer, Spot};
use super::owners::OwnerIndex;
use super::paths::PathText;
use super::view::CatalogView;
use super::{CursorError, OwnerPage};

/// Rows are in the order of (path, id).
type Place = (String, FileId);

/// The page of `owner`'s records whose paths start with `prefix`, behind `cursor`.
///
/// # Errors
/// [`CursorError`] for a cursor of another listing.
pub fn page(
    view: &CatalogView,
    owner: &PeerId,
    prefix: &str,
    cursor: Option<&str>,
    limit: usize,
) -> Result<OwnerPage, CursorError> {
    let asked = cursor::of_listing(owner, prefix);
    let after: Option<Place> = cursor.map(|text| cursor::open(asked, text)).transpose()?;
    let mut spots = Vec::new();
    if let Some(index) = view.owners.index_of(owner) {
        for (number, layer) in view.layers.iter().enumerate() {
            let docs = docs_behind(layer, index, prefix, after.as_ref());
            let spots_here = docs.map(|doc| Spot { layer: number, doc });
            // One more than the page tells whether there is a next one.
            spots.extend(spots_here.take(limit + 1));
        }
    }
    let place = |spot: &Spot| {
        let segment = &view.layers[spot.layer].segment;
        (segment.path(spot.doc), segment.detail(spot.doc).id)
    };
    spots.sort_by(|left, right| place(left).cmp(&place(right)));
    let has_more = spots.len() > limit;
    spots.truncate(limit);
    let next_cursor = spots.last().filter(|_| has_more).map(|last| {
        let (path, id) = place(last);
        cursor::seal(asked, &(path.to_text(), id))
    });
    let rows = spots.iter().filter_map(|spot| {
        let layer = &view.layers[spot.layer];
        let entry = layer.segment.row(spot.doc).entry_here(*owner);
        let name = entry.names.first()?.clone();
        Some((name, entry))
    });
    Ok(OwnerPage {
        rows: rows.collect(),
        next_cursor,
    })
}

/// Live documents of `owner` in order, from the first that starts with `prefix` and lies behind
/// `after` to the last that starts with `prefix`.
fn docs_behind<'a>(
    layer: &'a Layer,
    owner: OwnerIndex,
    prefix: &'a str,
    after: Option<&'a Place>,
) -> impl Iterator<Item = u32> + 'a {
    let segment = &layer.segment;
    let docs = segment.docs_of_owner(owner);
    let is_before = |doc: &u32| {
        let path = segment.path(*doc);
        let is_passed = after.is_some_and(|(last, _)| path < PathText::of(last));
        path < PathText::of(prefix) || is_passed
    };
    let start = docs.partition_point(is_before);
    docs[start..]
        .iter()
        .copied()
        .take_while(move |doc| segment.path(*doc).starts_with(prefix))
        .filter(move |doc| {
            let place = (segment.path(*doc), segment.detail(*doc).id);
            after.is_none_or(|(path, id)| place > (PathText::of(path), *id))
        })
        .filter(|&doc| layer.is_live(doc))
}
