//! What the registry holds, and shortcuts by which tests and other parts put things into it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::body::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::auth::{Access, Token};

pub(super) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
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
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let made = Made {
            layers: vec![format!("{repository}:{tag} {labels:?}\n")],
            labels: labels.iter().map(own).collect(),
            ..Made::default()
        };
        self.put(repository, tag, &made)
    }

    /// The same for an image that is made in a certain way.
    pub fn put(&mut self, repository: &str, tag: &str, made: &Made) -> String {
        let layers = made.layers();
        let config = json!({
            "architecture": "amd64", "os": "linux", "config": made.run(),
            "rootfs": { "type": "layers", "diff_ids": diff_ids(&layers) },
        })
        .to_string();
        let manifest = manifest_of(config.as_bytes(), &layers).to_string();
        let digest = sha256(manifest.as_bytes());
        let target = self.repositories.entry(repository.to_owned()).or_default();
        let layers = layers.into_iter().map(|layer| Bytes::from(layer.gzip));
        for blob in layers.chain([Bytes::from(config)]) {
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

    /// Puts an index over images that are there, as builders do for several platforms, with an
    /// entry that tells how they were made; gives its digest.
    pub fn put_index(&mut self, repository: &str, tag: &str, images: &[String]) -> String {
        let target = self.repositories.entry(repository.to_owned()).or_default();
        let listed = |digest: &String, os: &str| {
            let size = target.manifests.get(digest).map_or(0, |m| m.bytes.len());
            json!({ "mediaType": OCI_MANIFEST, "digest": digest, "size": size,
                "platform": { "os": os, "architecture": "amd64" } })
        };
        let mut all: Vec<Value> = images.iter().map(|d| listed(d, "linux")).collect();
        all.push(listed(&sha256(b"how it was made"), "unknown"));
        let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": all });
        let bytes = Bytes::from(index.to_string());
        let digest = sha256(&bytes);
        let manifest = Manifest {
            media_type: OCI_INDEX.to_owned(),
            bytes,
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

/// How an image is made.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// Empty where the Dockerfile names none.
    pub user: String,
    /// As `EXPOSE` names them.
    pub ports: Vec<String>,
    pub labels: BTreeMap<String, String>,
    /// What is in each layer, the undermost first.
    pub layers: Vec<String>,
}

impl Made {
    #[must_use]
    pub fn layers(&self) -> Vec<Layer> {
        self.layers.iter().map(|text| image_layer(text)).collect()
    }

    /// The part of the configuration that says how it is run.
    #[must_use]
    pub fn run(&self) -> Value {
        let ports: BTreeMap<_, _> = self.ports.iter().map(|port| (port, json!({}))).collect();
        json!({ "User": self.user, "ExposedPorts": ports, "Labels": self.labels })
    }
}

#[must_use]
pub fn diff_ids(layers: &[Layer]) -> Vec<&str> {
    layers.iter().map(|layer| layer.diff_id.as_str()).collect()
}

/// The manifest over a configuration and layers.
#[must_use]
pub fn manifest_of(config: &[u8], layers: &[Layer]) -> Value {
    let layers = layers.iter().map(|l| descriptor(OCI_LAYER, &l.gzip));
    json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": descriptor(OCI_CONFIG, config), "layers": layers.collect::<Vec<_>>(),
    })
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

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": sha256(bytes), "size": bytes.len() })
}
