//! Sets against sorted sets of the standard library.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::postings::Posting;
use super::*;

const COUNT: Doc = 300;

fn bits(docs: &BTreeSet<Doc>) -> Bits {
    let mut bits = Bits::none(COUNT);
    for doc in docs {
        bits.insert(*doc);
    }
    bits
}

fn set(docs: &BTreeSet<Doc>, is_list: bool) -> DocSet<'static> {
    if is_list {
        DocSet::list(docs.iter().copied().collect())
    } else {
        DocSet::Bits(Cow::Owned(bits(docs)))
    }
}

fn plain(set: &DocSet<'_>) -> BTreeSet<Doc> {
    let docs: Vec<_> = set.iter_from(0).collect();
    assert!(docs.is_sorted(), "{docs:?}");
    docs.into_iter().collect()
}

proptest! {
    #[test]
    fn sets_are_cut_and_joined_whatever_their_form(
        left in proptest::collection::btree_set(0..COUNT, 0..60),
        right in proptest::collection::btree_set(0..COUNT, 0..300),
        forms in any::<(bool, bool)>(),
        start in 0..COUNT + 70,
    ) {
        let (own, other) = (set(&left, forms.0), set(&right, forms.1));
        prop_assert_eq!(own.len(), left.len() as u64);
        prop_assert_eq!(plain(&own.clone().within(&other)), &left & &right);
        prop_assert_eq!(plain(&other.clone().within(&own)), &left & &right);
        prop_assert_eq!(plain(&own.clone().within_bits(&bits(&right))), &left & &right);
        prop_assert_eq!(plain(&own.clone().without(&other)), &left - &right);
        prop_assert_eq!(plain(&own.clone().without_bits(&bits(&right))), &left - &right);
        prop_assert_eq!(own.clone().into_bits(COUNT).into_owned(), bits(&left));
        let both_count = (&left & &right).len() as u64;
        prop_assert_eq!(own.count_within(&bits(&right), u64::MAX), both_count);
        prop_assert_eq!(own.count_within(&bits(&right), 3) > 3, both_count > 3);
        prop_assert_eq!(plain(&own.borrowed().without(&other)), &left - &right);
        prop_assert_eq!(plain(&own.borrowed().within(&other)), &left & &right);
        let rest: Vec<_> = left.range(start..).copied().collect();
        prop_assert_eq!(own.iter_from(start).collect::<Vec<_>>(), rest);
        for count in [0, 1, left.len() as u64, 1_000] {
            prop_assert_eq!(own.is_at_most(count), left.len() as u64 <= count);
        }
        prop_assert!((0..COUNT + 70).all(|doc| own.contains(doc) == left.contains(&doc)));
        let (list, dense) = (left.iter().copied().collect::<Vec<_>>(), bits(&right));
        let mut gather = Gather::default();
        gather.add(Posting::List(&list));
        gather.add(Posting::List(&list));
        prop_assert_eq!(plain(&std::mem::take(&mut gather).finish(COUNT)), left.clone());
        gather.add(Posting::Bits(&dense));
        gather.add(Posting::List(&list));
        prop_assert_eq!(plain(&std::mem::take(&mut gather).finish(COUNT)), &left | &right);
        let others = bits(&left);
        for dense in [&dense, &others, &dense] {
            gather.add(Posting::Bits(dense));
        }
        prop_assert_eq!(plain(&gather.finish(COUNT)), &left | &right);
    }
}

#[test]
fn all_is_every_document_and_no_more() {
    for count in [0, 1, 63, 64, 65, 128] {
        assert_eq!(Bits::all(count).count(), u64::from(count));
    }
}
