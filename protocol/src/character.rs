//! Classes of characters that names, shown texts and searches agree on.
//!
//! Knows single characters, not what is done with them.

use unicode_properties::{
    GeneralCategory, GeneralCategoryGroup, UnicodeEmoji, UnicodeGeneralCategory,
};

/// Zero-width joiner.
pub(crate) const JOINER: char = '\u{200D}';
/// Zero-width non-joiner.
pub(crate) const NON_JOINER: char = '\u{200C}';

/// Control characters and line or paragraph separators: they move the cursor or end a line.
pub(crate) fn is_control(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    matches!(
        character.general_category(),
        GeneralCategory::Control
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    )
}

/// Takes no room and leaves no trace: bidi controls, zero-width characters, tags, soft hyphens,
/// byte order marks, fillers.
pub(crate) fn is_invisible(character: char) -> bool {
    let is_filler = matches!(
        character,
        '\u{034F}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{17B4}'
            | '\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{3164}'
            | '\u{FFA0}'
            | '\u{E0000}'..='\u{E00FF}'
    );
    is_filler || !character.is_ascii() && character.general_category() == GeneralCategory::Format
}

/// Nobody can say what it looks like: private use, unassigned, surrogates.
pub(crate) fn is_unknown(character: char) -> bool {
    !character.is_ascii()
        && matches!(
            character.general_category(),
            GeneralCategory::PrivateUse | GeneralCategory::Unassigned | GeneralCategory::Surrogate
        )
}

/// Stands on or around the character before it.
pub(crate) fn is_mark(character: char) -> bool {
    !character.is_ascii() && character.general_category_group() == GeneralCategoryGroup::Mark
}

/// Accents and the like: marks that take no room of their own.
pub(crate) fn is_accent(character: char) -> bool {
    !character.is_ascii()
        && matches!(
            character.general_category(),
            GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark
        )
}

/// A picture that may be joined to another one.
pub(crate) fn is_emoji(character: char) -> bool {
    !character.is_ascii() && character.is_emoji_char()
}

/// A letter or mark of a script whose letters change shape with their neighbours, so that joiners
/// between them are spelling: Arabic and its neighbours, and those of India.
pub(crate) fn is_joined_script(character: char) -> bool {
    let is_block = matches!(
        character,
        '\u{0600}'..='\u{08FF}'
            | '\u{0900}'..='\u{0DFF}'
            | '\u{1000}'..='\u{109F}'
            | '\u{1780}'..='\u{17FF}'
            | '\u{FB50}'..='\u{FDFF}'
            | '\u{FE70}'..='\u{FEFE}'
    );
    is_block && (is_mark(character) || character.is_alphabetic()) && !is_invisible(character)
}
