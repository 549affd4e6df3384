//! The example of the document for other clients, held against what the index itself computes.

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signer, SigningKey};
use protocol::ids::PeerId;
use protocol::proof::{address_statement, register_statement};

const DOCUMENT: &str = include_str!("../../../docs/api-additions.md");

/// What the document says behind `name: `, on the one line that begins so.
fn said(name: &str) -> &'static str {
    let mut lines = DOCUMENT.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        rest.strip_prefix(": ")
    });
    let text = lines.next().expect(name);
    assert_eq!(lines.next(), None, "{name} stands there twice");
    text
}

fn bytes(name: &str) -> Vec<u8> {
    HEXLOWER.decode(said(name).as_bytes()).expect(name)
}

#[test]
fn the_example_for_other_clients_is_what_the_index_computes() {
    let seed: [u8; 32] = bytes("seed").try_into().expect("32 bytes");
    let key = SigningKey::from_bytes(&seed);
    let public_key = key.verifying_key().to_bytes();
    assert_eq!(bytes("public_key"), public_key);
    let id = PeerId::of_public_key(&public_key);
    assert_eq!(said("id"), id.to_string());
    let index: PeerId = said("index_id").parse().expect("an id");
    let port = said("port").parse().expect("a port");
    let register = register_statement(&index, said("nonce"), said("address"), port);
    assert_eq!(said("register"), HEXLOWER.encode(&register));
    let proof = address_statement(said("nonce"), &id);
    assert_eq!(said("proof"), HEXLOWER.encode(&proof));
    for (statement, signature) in [(register, "register_signature"), (proof, "proof_signature")] {
        assert_eq!(bytes(signature), key.sign(&statement).to_bytes());
    }
}
