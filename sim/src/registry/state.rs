//! What the registry holds, and shortcuts by which tests and other parts put things into it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::body::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::auth::{Access, Token};

pub(super) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Everything that the simulated registry remembers.
#[derive(Debug, Default)]
pub struct State {
    /// How it asks for credentials.
    pub access: Access,
    /// Leaves `Docker-Content-Digest` out of answers to HEAD, as the specification permits.
    pub hides_digest_on_head: bool,
    pub(super) tokens: HashMap<String, Token>,
    pub(super) repositories: BTreeMap<String, Repository>,
    pub(super) uploads: HashMap<String, Vec<u8>>,
    counter: u64,
}

/// One repository; blobs belong to repositories, so that mounting means something.
#[derive(Debug, Default)]
pub(super) struct Repository {
    pub blobs: HashMap<String, Bytes>,
    pub manifests: HashMap<String, Manifest>,
    pub tags: BTreeMap<String, String>,
}

/// A stored manifest, byte for byte.
#[derive(Clone, Debug)]
pub struct Manifest {
    pub media_type: String,
    pub bytes: Bytes,
}

impl State {
    /// Uploads that were begun and neither finished nor called off.
    #[must_use]
    pub fn uploads(&self) -> usize {
        self.uploads.len()
    }

    /// The digest that `tag` names in `repository`.
    #[must_use]
    pub fn digest(&self, repository: &str, tag: &str) -> Option<String> {
        self.repositories.get(repository)?.tags.get(tag).cloned()
    }

    #[must_use]
    pub fn manifest(&self, repository: &str, digest: &str) -> Option<Manifest> {
        let repository = self.repositories.get(repository)?;
        repository.manifests.get(digest).cloned()
    }

    /// Whether `repository:tag`, `repository@digest` or both together can be pulled, as a node
    /// would: where a digest is given the tag does not matter. The host must be cut off before.
    #[must_use]
    pub fn can_pull(&self, reference: &str) -> bool {
        if let Some((name, digest)) = reference.split_once('@') {
            let name = name.rsplit_once(':').map_or(name, |(name, _)| name);
            return self.manifest(name, digest).is_some();
        }
        let (name, tag) = reference.rsplit_once(':').unwrap_or((reference, "latest"));
        self.digest(name, tag).is_some()
    }

    /// The labels in the image's configuration.
    #[must_use]
    pub fn labels(&self, repository: &str, digest: &str) -> Option<BTreeMap<String, String>> {
        let manifest: Value =
            serde_json::from_slice(&self.manifest(repository, digest)?.bytes).ok()?;
        let config = manifest["config"]["digest"].as_str()?;
        let blob = self.repositories.get(repository)?.blobs.get(config)?;
        let config: Value = serde_json::from_slice(blob).ok()?;
        serde_json::from_value(config["config"]["Labels"].clone()).ok()
    }

    /// Puts a small image under a tag without any HTTP; gives its digest.
    pub fn put_image(&mut self, repository: &str, tag: &str, labels: &[(&str, &str)]) -> String {
        let layer = image_layer(&format!("{repository}:{tag} {labels:?}\n"));
        let labels: BTreeMap<_, _> = labels.iter().copied().collect();
        let config = json!({
            "architecture": "amd64", "os": "linux", "config": { "Labels": labels },
            "rootfs": { "type": "layers", "diff_ids": [layer.diff_id] },
        })
        .to_string();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST,
            "config": descriptor(OCI_CONFIG, config.as_bytes()),
            "layers": [descriptor(OCI_LAYER, &layer.gzip)],
        })
        .to_string();
        let digest = sha256(manifest.as_bytes());
        let target = self.repositories.entry(repository.to_owned()).or_default();
        for blob in [Bytes::from(config), Bytes::from(layer.gzip)] {
            target.blobs.insert(sha256(&blob), blob);
        }
        let manifest = Manifest {
            media_type: OCI_MANIFEST.to_owned(),
            bytes: manifest.into(),
        };
        target.manifests.insert(digest.clone(), manifest);
        target.tags.insert(tag.to_owned(), digest.clone());
        digest
    }

    /// Forgets an image and every tag on it, as a clean-up would.
    pub fn delete_image(&mut self, repository: &str, digest: &str) {
        if let Some(repository) = self.repositories.get_mut(repository) {
            repository.manifests.remove(digest);
            repository.tags.retain(|_, tagged| tagged != digest);
        }
    }

    #[must_use]
    pub fn repositories(&self) -> BTreeSet<String> {
        self.repositories.keys().cloned().collect()
    }

    /// A number that was not given out before.
    pub(super) fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }
}

/// A layer as it travels and the digest of what is in it.
pub struct Layer {
    pub gzip: Vec<u8>,
    pub diff_id: String,
}

/// A layer with one file, `app/RELEASE`, that holds `text`.
#[must_use]
pub fn image_layer(text: &str) -> Layer {
    let tar = tar_of("app/RELEASE", text.as_bytes()).unwrap_or_default();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    // Writing to a Vec cannot fail.
    let _ = std::io::Write::write_all(&mut gzip, &tar);
    Layer {
        diff_id: sha256(&tar),
        gzip: gzip.finish().unwrap_or_default(),
    }
}

fn tar_of(path: &str, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, path, bytes)?;
    archive.into_inner()
}

#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

pub(crate) fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": sha256(bytes), "size": bytes.len() })
}
