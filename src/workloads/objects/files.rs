//! Files and room in the container: what the portal keeps, what is there, what is empty.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use k8s_openapi::api::core::v1::{
    ConfigMap, ConfigMapVolumeSource, EmptyDirVolumeSource, KeyToPath, SecretVolumeSource, Volume,
    VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::meta;
use crate::standards::{File, Parameters, Scratch};
use crate::workloads::Workload;
use crate::workloads::secrets::{SECRET_KEY, secret_name};

/// The volume of all files that the portal keeps.
const KEPT: &str = "files";
/// A key of a Secret, whoever made it, is mounted under this name, whatever its own is.
const ONE: &str = "file";

/// Their texts under plain keys, in the order of the document.
fn texts(parameters: &Parameters) -> BTreeMap<String, String> {
    let texts = parameters.files.iter().enumerate();
    texts
        .filter_map(|(at, file)| Some((key(at), file.text.clone()?)))
        .collect()
}

fn key(at: usize) -> String {
    format!("file-{at}")
}

/// Another text is another object, so that pods of before go on reading theirs.
fn name(workload: &Workload, texts: &BTreeMap<String, String>) -> String {
    let mut context = Context::new(&SHA256);
    for (key, text) in texts {
        context.update(format!("{key} {} ", text.len()).as_bytes());
        context.update(text.as_bytes());
    }
    let hash = hex::encode(context.finish());
    let short = hash.get(..10).unwrap_or_default();
    format!("{}-files-{short}", workload.object_name)
}

/// The object that holds the texts.
pub(super) fn kept(workload: &Workload, parameters: &Parameters) -> Option<ConfigMap> {
    let texts = texts(parameters);
    if texts.is_empty() {
        return None;
    }
    let mut metadata = meta(workload);
    metadata.name = Some(name(workload, &texts));
    Some(ConfigMap {
        metadata,
        immutable: Some(true),
        data: Some(texts),
        binary_data: None,
    })
}

/// Where each file and each empty room is in the container, and what they come from.
pub(super) fn mounted(
    workload: &Workload,
    parameters: &Parameters,
) -> (Vec<Volume>, Vec<VolumeMount>) {
    let mut volumes = Vec::new();
    let texts = texts(parameters);
    if !texts.is_empty() {
        volumes.push(Volume {
            name: KEPT.to_owned(),
            config_map: Some(ConfigMapVolumeSource {
                name: name(workload, &texts),
                ..ConfigMapVolumeSource::default()
            }),
            ..Volume::default()
        });
    }
    let mut mounts = Vec::new();
    for (at, file) in parameters.files.iter().enumerate() {
        volumes.extend(secret(at, file));
        mounts.push(mount(at, file));
    }
    for (at, scratch) in parameters.scratch.iter().enumerate() {
        let (volume, mount) = room(at, scratch);
        volumes.push(volume);
        mounts.push(mount);
    }
    (volumes, mounts)
}

fn secret(at: usize, file: &File) -> Option<Volume> {
    let (name, key) = match (&file.secret, &file.stored) {
        (Some(there), _) => (there.name.clone(), there.key.clone()),
        (None, Some(stored)) => (secret_name(stored), SECRET_KEY.to_owned()),
        (None, None) => return None,
    };
    Some(Volume {
        name: format!("secret-{at}"),
        secret: Some(SecretVolumeSource {
            secret_name: Some(name),
            items: Some(vec![KeyToPath {
                key,
                path: ONE.to_owned(),
                mode: None,
            }]),
            ..SecretVolumeSource::default()
        }),
        ..Volume::default()
    })
}

fn mount(at: usize, file: &File) -> VolumeMount {
    let (volume, part) = match file.text {
        Some(_) => (KEPT.to_owned(), key(at)),
        None => (format!("secret-{at}"), ONE.to_owned()),
    };
    VolumeMount {
        name: volume,
        mount_path: file.path.clone(),
        sub_path: Some(part),
        read_only: Some(true),
        ..VolumeMount::default()
    }
}

fn room(at: usize, scratch: &Scratch) -> (Volume, VolumeMount) {
    let name = format!("scratch-{at}");
    let volume = Volume {
        name: name.clone(),
        empty_dir: Some(EmptyDirVolumeSource {
            size_limit: Some(Quantity(scratch.size.clone())),
            medium: None,
        }),
        ..Volume::default()
    };
    let mount = VolumeMount {
        name,
        mount_path: scratch.path.clone(),
        ..VolumeMount::default()
    };
    (volume, mount)
}
