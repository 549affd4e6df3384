//! The order of results: keys and menu.

use protocol::search::Order;

use super::super::TestApp;

#[test]
fn sorting_twice_turns_round() {
    let mut app = TestApp::filled(120, 36);
    app.keys("Esc s s");
    let usual = app.watch().search.expect("a search");
    app.keys("s s");
    let turned = app.watch().search.expect("a search");
    assert_eq!(usual.sort, turned.sort);
    assert_ne!(usual.order, turned.order);
    assert!(turned.generation > usual.generation);
}

#[test]
fn the_menu_of_orders_stands_on_the_one_that_holds() {
    let mut app = TestApp::filled(80, 24);
    app.keys("^S n ^S");
    assert!(
        app.line("n  name").contains("> n  name"),
        "{}",
        app.screen()
    );
    app.keys("Enter");
    let order = app.watch().search.expect("a search").order;
    assert_eq!(order, Some(Order::Desc), "again: the other way round");
}
