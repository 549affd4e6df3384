//! The exchange that makes a session: nonce, signature, registration.
//!
//! Knows the key and the contract; what follows from the answer is decided in `task`.

use std::time::Duration;

use protocol::limits::{PEER_NAME_MAX_BYTES, PEER_TEXT_MAX_BYTES};
use protocol::peer::{CatalogState, RegisterRequest, RegisterResponse};
use protocol::proof::register_statement;

use super::publish::Start;
use super::{IndexApi, IndexClientConfig, IndexError, ShareSource};

/// The first registration waits so long for the first look at the folders to be over, so that a
/// restart with a full cache finds itself in step.
const SETTLE_WAIT: Duration = Duration::from_secs(3);

/// Registers; yields the answer and where publishing starts from.
pub(super) async fn register(
    api: &IndexApi,
    config: &IndexClientConfig,
) -> Result<(RegisterResponse, Start), IndexError> {
    wait_settled(config.share.as_ref()).await;
    let settled = config.share.is_settled().then(|| config.share.snapshot());
    let nonce = api.nonce().await?;
    let address = config.advertise.map(|address| address.ip().to_string());
    let port = config
        .advertise
        .map_or(config.listen_port, |address| address.port());
    let statement = register_statement(
        &nonce.index_id,
        &nonce.nonce,
        address.as_deref().unwrap_or_default(),
        port,
    );
    let request = RegisterRequest {
        id: Some(config.identity.id().to_string()),
        name: Some(cut(&config.name, PEER_NAME_MAX_BYTES)),
        address,
        port,
        shared_files: config.share.count(),
        region: config
            .region
            .as_deref()
            .map(|region| cut(region, PEER_TEXT_MAX_BYTES)),
        version: Some(cut(&config.version, PEER_TEXT_MAX_BYTES)),
        public_key: Some(config.identity.public_key_hex()),
        signature: Some(config.identity.sign_hex(&statement)),
        nonce: Some(nonce.nonce),
        catalog_digest: settled.as_ref().map(|snapshot| snapshot.digest.to_hex()),
    };
    let answer = api.register(&request).await?;
    let start = match (settled, answer.catalog) {
        (Some(snapshot), Some(CatalogState::InSync)) => Start::InSync {
            revision: snapshot.revision,
        },
        (Some(_), _) => Start::Differs,
        (None, _) => Start::Unsettled,
    };
    Ok((answer, start))
}

async fn wait_settled(share: &dyn ShareSource) {
    let mut changes = share.watch();
    let settled = async {
        while !share.is_settled() {
            if changes.changed().await.is_err() {
                break;
            }
        }
    };
    // Not settled in time: registered without a digest, and again once it is.
    let _ = tokio::time::timeout(SETTLE_WAIT, settled).await;
}

fn cut(text: &str, max_bytes: usize) -> String {
    text[..text.floor_char_boundary(max_bytes)].to_owned()
}
