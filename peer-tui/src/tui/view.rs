//! The whole frame from the model: state line, the screen of the tab, key line, what lies over it.
//! Pure.

mod frame;
mod keys;
mod popups;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::layout::{Body, Class};
use super::model::Model;
use super::screens;
use super::theme::Token;
use super::widgets::canvas::Canvas;

/// Draws `model`; where the terminal's cursor belongs, if it is to be seen.
pub fn view(model: &Model, buffer: &mut Buffer) -> Option<Position> {
    let mut canvas = Canvas::new(buffer, model.theme());
    let layout = model.layout();
    if model.theme() != super::theme::Theme::Terminal {
        let area = canvas.buffer().area;
        canvas.overlay(area, Token::Text);
    }
    if layout.class == Some(Class::Line) {
        frame::one_line(model, &mut canvas);
        model.look.glyphs.substitute(buffer);
        return None;
    }
    frame::header(model, &layout, &mut canvas);
    if layout.rule.height > 0 {
        canvas.rule(layout.rule.y, Token::Rule);
    }
    let mut cursor = match model.body() {
        Body::Search => screens::search::draw(model, &layout, &mut canvas),
        Body::Transfers => screens::transfers::draw(model, &layout, &mut canvas),
        Body::Details => screens::details::draw(model, &layout, &mut canvas),
        Body::Shares => screens::shares::draw(model, &layout, &mut canvas),
        Body::Peers => screens::peers::draw(model, &layout, &mut canvas),
        Body::Browse => screens::browse::draw(model, &layout, &mut canvas),
        Body::Log => screens::log::draw(model, &layout, &mut canvas),
    };
    if model.is_stale() {
        let top = layout.rule.bottom();
        let middle = Rect::new(0, top, model.size.0, layout.keys.y.saturating_sub(top));
        canvas.overlay(middle, Token::Dim);
        frame::banner(model, &layout, &mut canvas);
        if model.body() != Body::Search {
            cursor = None;
        }
    }
    if model.index_lost_since().is_some() && is_of_the_network(model.body()) {
        let top = layout.columns.y;
        let bottom = layout.pane.bottom().max(layout.status.bottom());
        let middle = Rect::new(0, top, model.size.0, bottom.saturating_sub(top));
        canvas.overlay(middle, Token::Dim);
        frame::index_banner(model, &layout, &mut canvas);
    }
    keys::line(model, &layout, &mut canvas);
    frame::toast(model, &layout, &mut canvas);
    if let Some(popup) = &model.popup {
        cursor = popups::draw(model, popup, &layout, &mut canvas);
    }
    model.look.glyphs.substitute(buffer);
    cursor
}

/// Whether what is shown came from the index.
const fn is_of_the_network(body: Body) -> bool {
    matches!(body, Body::Search | Body::Peers | Body::Browse)
}
