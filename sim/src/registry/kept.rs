//! What the registry remembers over a restart: every image, byte for byte.

use std::collections::{BTreeMap, HashMap};

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::{Manifest, Repository, State, sha256};

#[derive(Serialize, Deserialize)]
struct KeptRepository {
    /// In base64; their digests follow from them.
    blobs: Vec<String>,
    manifests: Vec<KeptManifest>,
    tags: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct KeptManifest {
    media_type: String,
    bytes: String,
}

impl State {
    pub(crate) fn kept(&self) -> serde_json::Result<Value> {
        let keep = |(name, repository): (&String, &Repository)| {
            // In the order of their digests, so that the same content gives the same text.
            let blobs: BTreeMap<_, _> = repository.blobs.iter().collect();
            let manifests: BTreeMap<_, _> = repository.manifests.iter().collect();
            let manifest = |manifest: &Manifest| KeptManifest {
                media_type: manifest.media_type.clone(),
                bytes: STANDARD.encode(&manifest.bytes),
            };
            let kept = KeptRepository {
                blobs: blobs.values().map(|blob| STANDARD.encode(blob)).collect(),
                manifests: manifests.values().map(|m| manifest(m)).collect(),
                tags: repository.tags.clone(),
            };
            (name.clone(), kept)
        };
        let all: BTreeMap<_, _> = self.repositories.iter().map(keep).collect();
        serde_json::to_value(all)
    }

    pub(crate) fn recall(&mut self, kept: &Value) -> anyhow::Result<()> {
        let kept = BTreeMap::<String, KeptRepository>::deserialize(kept)?;
        for (name, kept) in kept {
            let mut repository = Repository {
                blobs: HashMap::new(),
                manifests: HashMap::new(),
                tags: kept.tags,
            };
            for blob in kept.blobs {
                let bytes = Bytes::from(STANDARD.decode(blob)?);
                repository.blobs.insert(sha256(&bytes), bytes);
            }
            for KeptManifest { media_type, bytes } in kept.manifests {
                let bytes = Bytes::from(STANDARD.decode(bytes)?);
                let digest = sha256(&bytes);
                let manifest = Manifest { media_type, bytes };
                repository.manifests.insert(digest, manifest);
            }
            self.repositories.insert(name, repository);
        }
        Ok(())
    }
}
