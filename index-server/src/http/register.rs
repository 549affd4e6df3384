//! POST `/api/v1/peers/register`: shape, key and address are checked here; whether the peer may
//! register is decided by the rules behind the sequencer.

use std::net::IpAddr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use ed25519_dalek::{Signature, VerifyingKey};
use protocol::ids::PeerId;
use protocol::peer::{RegisterRequest, RegisterResponse};
use protocol::problem::Slug;
use protocol::proof::register_statement;
use protocol::registration::FieldError;
use sha2::{Digest, Sha256};
use warp::reply::Response;

use crate::command::{Answer, Command, Refusal, Register};
use crate::http::call::Call;
use crate::http::problem::invalid_field;
use crate::http::proof::Claim;
use crate::http::reply;
use crate::peers::{is_same_host, may_publish};
use crate::view::PeerAddress;

/// Below this stand services that were not made to be called by strangers; only an address seen on
/// a connection may have such a port.
const PROVEN_PORT_MIN: u16 = 1024;

/// POST `/api/v1/peers/register`.
pub(super) async fn register(mut call: Call) -> Result<Response, Refusal> {
    let index = call.index()?;
    call.app.limits.register.take(call.vantage().remote)?;
    let request: RegisterRequest = call.body.json(&call.headers).await?;
    request
        .check()
        .map_err(|FieldError { pointer, message }| invalid_field(pointer, message))?;
    let key = verified_key(&call, &request)?;
    let address = address(&call, &request, key).await?;
    let token = HEXLOWER.encode(&rand::random::<[u8; 32]>());
    let command = Command::Register(Register {
        id: key.or_else(|| earlier_id(&request)),
        is_keyed: key.is_some(),
        fresh_id: PeerId::from_bytes(rand::random()),
        name: request.name.filter(|name| !name.trim().is_empty()),
        address,
        remote: call.vantage().remote,
        port: request.port,
        region: request.region.unwrap_or_default(),
        version: request.version.unwrap_or_default(),
        catalog_digest: request.catalog_digest,
        token_sha256: Sha256::digest(token.as_bytes()).into(),
    });
    let Answer::Registered(registered) = index.ask(command).await? else {
        return Err(Refusal::new(
            Slug::Internal,
            "a registration was not answered as one",
        ));
    };
    let view = index.view();
    let peer = view.peers.get(&registered.id).ok_or_else(|| {
        Refusal::new(
            Slug::Internal,
            "the peer left while its registration was answered",
        )
    })?;
    reply::json(&RegisterResponse {
        id: registered.id,
        session_token: token,
        heartbeat_interval: call.app.heartbeat_interval.as_secs().max(1),
        peer: peer.to_wire(call.vantage()),
        catalog: registered.catalog,
        next_heartbeat_ms: Some(call.app.next_heartbeat_ms()),
    })
}

/// The id that a client without a key says it had; a text that is no id was never given by us.
fn earlier_id(request: &RegisterRequest) -> Option<PeerId> {
    request.id.as_deref().and_then(|id| id.parse().ok())
}

/// The id of the key that signed this registration, `None` where it has no key.
fn verified_key(call: &Call, request: &RegisterRequest) -> Result<Option<PeerId>, Refusal> {
    let (key, signature, nonce) = match (&request.public_key, &request.signature, &request.nonce) {
        (None, None, None) => return Ok(None),
        (Some(key), Some(signature), Some(nonce)) => (key, signature, nonce),
        (None, ..) => return Err(missing_of_three("/public_key")),
        (_, None, _) => return Err(missing_of_three("/signature")),
        (.., None) => return Err(missing_of_three("/nonce")),
    };
    let (id, key) = read_key(key)?;
    if request
        .id
        .as_ref()
        .is_some_and(|claimed| *claimed != id.to_string())
    {
        return Err(invalid_field(
            "/id",
            "the id is not the one of this key; leave it out to be told the right one",
        ));
    }
    let address = request.address.as_deref().unwrap_or_default();
    let statement = register_statement(&call.app.index_id, nonce, address, request.port);
    if !is_signed(&key, &statement, signature) {
        let detail = "the signature does not fit key, index id, nonce, address and port";
        return Err(Refusal::new(Slug::InvalidSignature, detail).at("/signature"));
    }
    call.app.nonces.redeem(nonce, call.app.uptime())?;
    Ok(Some(id))
}

fn missing_of_three(pointer: &str) -> Refusal {
    invalid_field(
        pointer,
        "public_key, signature and nonce come together: all three for a peer with a key, none for \
         one without",
    )
}

/// Reads a raw ed25519 key of 64 hex digits.
///
/// # Errors
/// `invalid-field` at `/public_key`.
pub fn read_key(text: &str) -> Result<(PeerId, VerifyingKey), Refusal> {
    let invalid = || invalid_field("/public_key", "a public key is 64 hex digits (raw ed25519)");
    let bytes = HEXLOWER_PERMISSIVE
        .decode(text.as_bytes())
        .map_err(|_| invalid())?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| invalid())?;
    let key = VerifyingKey::from_bytes(&bytes).map_err(|_| invalid())?;
    Ok((PeerId::of_public_key(&bytes), key))
}

/// Whether `signature` (128 hex digits) is one of `key` over `statement`.
pub fn is_signed(key: &VerifyingKey, statement: &[u8], signature: &str) -> bool {
    HEXLOWER_PERMISSIVE
        .decode(signature.as_bytes())
        .ok()
        .and_then(|bytes| Signature::from_slice(&bytes).ok())
        .is_some_and(|signature| key.verify_strict(statement, &signature).is_ok())
}

/// The address to publish: the one seen, or another that answered the proof.
async fn address(
    call: &Call,
    request: &RegisterRequest,
    key: Option<PeerId>,
) -> Result<PeerAddress, Refusal> {
    let observed = call.vantage().remote;
    let Some(text) = request.address.as_deref().filter(|text| !text.is_empty()) else {
        return may_publish(observed, observed);
    };
    let claimed = text.parse::<IpAddr>().map_err(|_| {
        invalid_field(
            "/address",
            "an address is an IP address such as 192.168.1.20, not a name and without a port",
        )
    })?;
    let claimed = claimed.to_canonical();
    let address = may_publish(observed, claimed)?;
    if is_same_host(claimed, observed) {
        return Ok(address);
    }
    let Some(id) = key else {
        let detail = "only a peer with a key can prove an address other than the one it connects \
                      from; leave `address` out";
        return Err(Refusal::new(Slug::UnprovenAddress, detail).at("/address"));
    };
    if request.port < PROVEN_PORT_MIN {
        let detail = format!("an address to be proven needs a port of {PROVEN_PORT_MIN} or more");
        return Err(Refusal::new(Slug::ForbiddenAddress, detail).at("/port"));
    }
    let claim = Claim {
        id,
        host: claimed,
        port: request.port,
        observed,
    };
    call.app.prover.prove(claim).await?;
    Ok(address)
}
