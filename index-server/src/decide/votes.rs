//! Rules of judging others: a star vote a peer and file, praise and blame a reporter and peer.

use jiff::Timestamp;
use protocol::file::RatingResponse;
use protocol::ids::FileId;
use protocol::problem::Slug;

use super::{Decision, Draft, News, Rules, check_actor};
use crate::command::{Actor, Answer, Refusal, Report};
use crate::peers::{reporter_of, unknown_peer};
use crate::record::Record;
use crate::view::mean_rating;
use crate::world::{Files, Ground};

/// A vote for a file; voting again replaces.
pub(super) fn rate<F: Files>(
    actor: &Actor,
    file: FileId,
    stars: u8,
    draft: &mut Draft<'_, F>,
    now: Timestamp,
    rules: &Rules,
) -> Result<Decision, Refusal> {
    check_actor(actor, draft, now)?;
    if !(1..=5).contains(&stars) {
        let detail = format!("a rating is 1 to 5 stars, not {stars}");
        return Err(Refusal::new(Slug::InvalidField, detail).at("/stars"));
    }
    let unknown = || Refusal::new(Slug::UnknownFile, "this file is not registered");
    let entry = draft.file(&file).ok_or_else(unknown)?;
    let earlier = draft.vote(&file, &actor.peer);
    if earlier.is_none() && entry.rating_votes >= rules.votes_per_file_max_count {
        return Err(Refusal::new(
            Slug::InvalidField,
            "this file has as many votes as are kept; earlier voters may still change theirs",
        ));
    }
    let mut decision = Decision::new(Answer::Alive).showing_alive(actor.peer);
    if earlier != Some(stars) {
        let record = Record::Rated {
            at: now.into(),
            owner: entry.owner,
            file,
            voter: actor.peer,
            stars,
        };
        draft.apply(&record);
        decision = decision.with(record);
    }
    let entry = draft.file(&file).ok_or_else(unknown)?;
    decision.answer = Answer::Rated(RatingResponse {
        rating: mean_rating(entry.rating_sum, entry.rating_votes),
        votes: entry.rating_votes,
    });
    if !decision.records.is_empty() && !entry.is_partial {
        decision = decision.telling(News::FileRegistered(entry));
    }
    Ok(decision)
}

/// What a transfer from another peer was like.
pub(super) fn report<F: Files>(
    actor: &Actor,
    report: &Report,
    draft: &mut Draft<'_, F>,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    check_actor(actor, draft, now)?;
    if report.about == actor.peer {
        return Err(Refusal::new(
            Slug::InvalidField,
            "a peer cannot report on itself",
        ));
    }
    let about = draft.peer(&report.about).ok_or_else(unknown_peer)?;
    let content = draft.file(&FileId::of(&report.about, &report.content));
    let content = content.ok_or_else(|| {
        Refusal::new(
            Slug::UnknownContent,
            "the peer reported on does not hold this content",
        )
        .at("/content")
    })?;
    let facts = &draft.peer(&actor.peer).ok_or_else(unknown_peer)?.facts;
    let reporter = reporter_of(actor.peer, facts);
    let bytes = report.bytes.min(content.size_bytes);
    let mut decision = Decision::new(Answer::Reported).showing_alive(actor.peer);
    // Where nothing moves any more it need not fill the journal either.
    for stance in about.standing.moved_by(&reporter, report.outcome, bytes) {
        let record = Record::Reported {
            at: now.into(),
            about: report.about,
            reporter,
            stance,
        };
        draft.apply(&record);
        decision = decision.with(record);
    }
    Ok(decision)
}
