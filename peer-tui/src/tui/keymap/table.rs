//! The key table: the one place from which handling, hints, help and the printed list come.

use super::command::{Command, Edit, Tab};
use super::context::Context;

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Its name in `keys.toml`.
    pub name: &'static str,
    /// Keys, apart by blanks.
    pub keys: &'static str,
    /// Where it holds.
    pub context: Context,
    /// What it does.
    pub command: Command,
    /// For the help.
    pub help: &'static str,
    /// For the key line; empty when it is not shown there.
    pub hint: &'static str,
}

const fn row(
    name: &'static str,
    keys: &'static str,
    context: Context,
    command: Command,
    help: &'static str,
    hint: &'static str,
) -> Row {
    Row {
        name,
        keys,
        context,
        command,
        help,
        hint,
    }
}

const PROMPT: Context = Context::PROMPT;
const EMPTY: Context = Context::EMPTY_PROMPT;
const RESULTS: Context = Context::RESULTS;
const DOCK: Context = Context::DOCK;
const TRANSFERS: Context = Context::TRANSFERS;
const DETAILS: Context = Context::DETAILS;
const SHARES: Context = Context::SHARES;
const PEERS: Context = Context::PEERS;
const BROWSE: Context = Context::BROWSE;
const LOG: Context = Context::LOG;
const LISTS: Context = Context::LISTS;
const ALL: Context = Context::EVERYWHERE;
/// Where there are transfers under the cursor.
const MOVING: Context = TRANSFERS.or(DETAILS).or(DOCK);
/// Lists with a filter line.
const FILTERED: Context = TRANSFERS.or(SHARES).or(PEERS).or(LOG);
const MARKABLE: Context = RESULTS.or(TRANSFERS).or(BROWSE);

/// The table. Within one context the first row with a key wins, so special rows come first; the
/// order is also the order of hints and help.
#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    // In the prompt
    row("prompt_help", "?", EMPTY, Command::Help, "help, while the prompt is empty", ""),
    row("prompt_palette", ":", EMPTY, Command::Palette, "all commands, while the prompt is empty", ""),
    row("prompt_download", "Enter", PROMPT, Command::Download, "download the row, or all marked", "get"),
    row("prompt_mark", "Tab", PROMPT, Command::MarkDown, "mark, go down", "mark"),
    row("prompt_mark_up", "Shift+Tab", PROMPT, Command::MarkUp, "mark, go up", ""),
    row("prompt_up", "↑", PROMPT, Command::Up, "choose a result; while empty: earlier searches", ""),
    row("prompt_down", "↓", PROMPT, Command::Down, "choose a result", "choose"),
    row("prompt_page_up", "PgUp", PROMPT, Command::PageUp, "a page up", ""),
    row("prompt_page_down", "PgDn", PROMPT, Command::PageDown, "a page down", ""),
    row("prompt_leave", "Esc", PROMPT, Command::Back, "to the list; there again: clear the query", "list"),
    row("prompt_filter", "^F", PROMPT, Command::Filter, "filter by kind and size", "filter"),
    row("prompt_sort", "^S", PROMPT, Command::SortMenu, "sort", "sort"),
    row("edit_delete_line", "^U", PROMPT, Command::Edit(Edit::DeleteLine), "clear the line", ""),
    row("edit_delete_word", "^W", PROMPT, Command::Edit(Edit::DeleteWord), "delete a word", ""),
    row("edit_delete_to_end", "^K", PROMPT, Command::Edit(Edit::DeleteToEnd), "delete to the end", ""),
    row("edit_home", "^A Home", PROMPT, Command::Edit(Edit::Home), "to the start", ""),
    row("edit_end", "^E End", PROMPT, Command::Edit(Edit::End), "to the end", ""),
    row("edit_word_left", "Alt+b Alt+←", PROMPT, Command::Edit(Edit::WordLeft), "a word left", ""),
    row("edit_word_right", "Alt+f Alt+→", PROMPT, Command::Edit(Edit::WordRight), "a word right", ""),
    row("edit_left", "←", PROMPT, Command::Edit(Edit::Left), "left", ""),
    row("edit_right", "→", PROMPT, Command::Edit(Edit::Right), "right", ""),
    row("edit_backspace", "BS", PROMPT, Command::Edit(Edit::Backspace), "delete back", ""),
    row("edit_delete", "Del", PROMPT, Command::Edit(Edit::Delete), "delete", ""),
    // What Enter means in each list
    row("download", "Enter", RESULTS, Command::Download, "download the row, or all marked", "get"),
    row("browse_enter", "Enter", BROWSE, Command::Enter, "open the folder; download the file, or all marked", "open/get"),
    row("browse_up", "BS", BROWSE, Command::Close, "to the folder above", "up"),
    row("details", "Enter", TRANSFERS.or(DOCK), Command::Details, "pieces and sources", "details"),
    row("browse_peer", "Enter b", PEERS, Command::Browse, "browse its files", "browse"),
    row("share_open", "Enter", SHARES, Command::Enter, "open or close the folder", "open"),
    row("log_enter", "Enter", LOG, Command::Enter, "go to the thing", ""),
    row("source_browse", "Enter b", DETAILS, Command::Browse, "browse the files of this source", ""),
    row("browse_owner", "b", RESULTS, Command::Browse, "browse this peer's files", ""),
    row("merge", ".", RESULTS, Command::Merge, "merge waiting results", ""),
    row("follow", "G", LOG, Command::Follow, "to the end, and follow", "follow"),
    row("log_details", "i", LOG, Command::Details, "the whole line on, off", "whole line"),
    // Transfers
    row("pause", "p", MOVING, Command::Pause, "pause, go on", "pause"),
    row("cancel", "x", MOVING, Command::Remove, "cancel (undo for 10 s), take a finished row away", "cancel"),
    row("cancel_for_good", "X", MOVING, Command::RemoveForGood, "cancel and delete the partial file (asks)", ""),
    row("priority_up", "+", MOVING, Command::RaisePriority, "higher priority", "priority"),
    row("priority_down", "-", MOVING, Command::LowerPriority, "lower priority", ""),
    row("retry", "r", MOVING, Command::Retry, "try again", ""),
    row("more_sources", "m", MOVING, Command::MoreSources, "look for more sources", "sources"),
    row("pieces_or_sources", "Tab", DETAILS, Command::NextPane, "to the pieces (z: full size), to the sources", "pieces/sources"),
    row("queue_up", "K", MOVING, Command::MoveUp, "up in the queue", "order"),
    row("queue_down", "J", MOVING, Command::MoveDown, "down in the queue", ""),
    row("order_keys", "o", MOVING, Command::OrderKeys, "order: top, up, down, bottom of the queue", ""),
    // Shares and peers
    row("add_share", "a", SHARES, Command::AddShare, "share a folder", "add"),
    row("unshare", "x", SHARES, Command::Remove, "stop sharing the folder (asks)", "unshare"),
    row("rescan", "r", SHARES, Command::Retry, "check the files again", "check"),
    row("connect", "c", PEERS, Command::Connect, "use another index", "connect"),
    row("block", "!", PEERS.or(DETAILS), Command::Block, "block, unblock", "block"),
    row("limit_peer_keys", "t", PEERS, Command::LimitKeys, "limits: from this peer, to it, down, up, off", "limit"),
    row("download_folder", "D", BROWSE, Command::DownloadFolder, "download the whole folder, its structure kept", "get folder"),
    row("download_key", "d", BROWSE, Command::Download, "download the row, or all marked", ""),
    // Marks
    row("mark", "Space", MARKABLE, Command::Mark, "mark, go down", "mark"),
    row("mark_range", "v", MARKABLE, Command::MarkRange, "mark a range; again: its end", ""),
    row("mark_invert", "*", MARKABLE, Command::InvertMarks, "invert the marks", ""),
    // Moving
    row("down", "j ↓", LISTS, Command::Down, "down", ""),
    row("up", "k ↑", LISTS, Command::Up, "up", ""),
    row("first", "g Home", LISTS, Command::First, "first row", ""),
    row("last", "G End", LISTS, Command::Last, "last row", ""),
    row("half_page_down", "^D", LISTS, Command::HalfPageDown, "half a page down", ""),
    row("half_page_up", "^U", LISTS, Command::HalfPageUp, "half a page up", ""),
    row("page_down", "PgDn", LISTS, Command::PageDown, "a page down", ""),
    row("page_up", "PgUp", LISTS, Command::PageUp, "a page up", ""),
    row("close", "h ←", SHARES.or(BROWSE).or(TRANSFERS), Command::Close, "close the folder; Transfers: filter to the left", ""),
    row("open", "l →", SHARES.or(BROWSE).or(TRANSFERS), Command::Open, "open the folder; Transfers: filter to the right", ""),
    row("to_prompt", "/", RESULTS.or(DOCK), Command::Find, "to the prompt", "search"),
    row("find", "/", FILTERED, Command::Find, "filter this list", "filter"),
    row("details_pane", "i", RESULTS.or(PEERS).or(BROWSE), Command::Details, "details on, off", ""),
    row("details_close", "i", DETAILS.or(TRANSFERS), Command::Details, "pieces and sources", ""),
    row("retry_link", "r", RESULTS.or(PEERS).or(BROWSE).or(LOG), Command::Retry, "link lost: connect again now", ""),
    // Everywhere
    row("sort_menu", "^S", ALL, Command::SortMenu, "sort", ""),
    row("filter", "^F", ALL, Command::Filter, "filter by kind, size, who, level", ""),
    row("sort_keys", "s", RESULTS.or(TRANSFERS).or(PEERS), Command::SortKeys, "sort by a column; again: the other way round", "sort"),
    row("limit_keys", "t", LISTS, Command::LimitKeys, "limits: down, up, this transfer or peer, off", ""),
    row("copy_keys", "y", LISTS, Command::CopyKeys, "copy link, hash, name, path, id", "copy"),
    row("copy_all", "Y", LISTS, Command::CopyAll, "copy all shown rows", ""),
    row("undo", "u", LISTS, Command::Undo, "undo the last change", ""),
    row("previous", "[", LISTS, Command::PreviousTab, "tab to the left; in details: the transfer before", ""),
    row("next", "]", LISTS, Command::NextTab, "tab to the right; in details: the transfer after", ""),
    row("tab_search", "1", LISTS, Command::Tab(Tab::Search), "Search", ""),
    row("tab_transfers", "2", LISTS, Command::Tab(Tab::Transfers), "Transfers", ""),
    row("tab_shares", "3", LISTS, Command::Tab(Tab::Shares), "Shares", ""),
    row("tab_peers", "4", LISTS, Command::Tab(Tab::Peers), "Peers", ""),
    row("tab_log", "5", LISTS, Command::Tab(Tab::Log), "Log", ""),
    row("go_search", "Alt+1", ALL, Command::Tab(Tab::Search), "Search, from the prompt too", ""),
    row("go_transfers", "Alt+2", ALL, Command::Tab(Tab::Transfers), "Transfers, from the prompt too", ""),
    row("go_shares", "Alt+3", ALL, Command::Tab(Tab::Shares), "Shares, from the prompt too", ""),
    row("go_peers", "Alt+4", ALL, Command::Tab(Tab::Peers), "Peers, from the prompt too", ""),
    row("go_log", "Alt+5", ALL, Command::Tab(Tab::Log), "Log, from the prompt too", ""),
    row("next_pane", "Tab", LISTS, Command::NextPane, "next pane", ""),
    row("previous_pane", "Shift+Tab", LISTS, Command::PreviousPane, "previous pane", ""),
    row("zoom", "z", LISTS, Command::Zoom, "this pane full size, and back", ""),
    row("settings", ",", LISTS, Command::Settings, "settings", ""),
    row("back", "Esc", LISTS, Command::Back, "one step back: range, marks, filter, details", ""),
    row("palette", ":", LISTS, Command::Palette, "all commands", ""),
    row("palette_anywhere", "^P", ALL, Command::Palette, "all commands, from the prompt too", ""),
    row("help", "?", LISTS, Command::Help, "help", "help"),
    row("help_anywhere", "F1", ALL, Command::Help, "help, from the prompt too", "help"),
    row("repaint", "^L", ALL, Command::Repaint, "repaint", ""),
    row("suspend", "^Z", ALL, Command::Suspend, "suspend", ""),
    row("leave", "q", LISTS, Command::Leave, "leave; the daemon goes on", "detach"),
    row("leave_now", "^C", ALL, Command::Leave, "leave from anywhere; the daemon goes on", ""),
    row("stop_daemon", "Q", LISTS, Command::StopDaemon, "stop the daemon (asks, says what would stop)", ""),
    // Without a key of their own: the palette and the chords reach them
    row("limit_down", "", ALL, Command::LimitDown, "limit downloads", ""),
    row("limit_up", "", ALL, Command::LimitUp, "limit uploads", ""),
    row("limits_off", "", ALL, Command::LimitsOff, "no limits for an hour", ""),
    row("limit_transfer", "", MOVING, Command::LimitTransfer, "limit this download", ""),
    row("limit_from_peer", "", PEERS.or(DETAILS).or(BROWSE), Command::LimitFromPeer, "limit what comes from this peer", ""),
    row("limit_to_peer", "", PEERS.or(DETAILS).or(BROWSE), Command::LimitToPeer, "limit what goes to this peer", ""),
    row("queue_top", "", MOVING, Command::MoveTop, "to the top of the queue", ""),
    row("queue_bottom", "", MOVING, Command::MoveBottom, "to the bottom of the queue", ""),
    row("copy_link", "", ALL, Command::CopyLink, "copy link", ""),
    row("copy_hash", "", ALL, Command::CopyHash, "copy hash", ""),
    row("copy_name", "", ALL, Command::CopyName, "copy name", ""),
    row("copy_path", "", ALL, Command::CopyPath, "copy path", ""),
    row("copy_id", "", ALL, Command::CopyId, "copy id", ""),
];
