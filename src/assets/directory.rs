//! The files of a directory.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use super::error::AssetsError;

/// A file on disk and its name as an asset.
pub(super) struct AssetFile {
    pub(super) name: String,
    path: PathBuf,
}

/// Returns the files below `root` in the order of their names, without hidden ones.
pub(super) fn files(root: &Path) -> Result<Vec<AssetFile>, AssetsError> {
    let root = fs::canonicalize(root).map_err(|error| AssetsError::Read(root.into(), error))?;
    let mut files = Vec::new();
    let mut directories = vec![(root.clone(), String::new())];
    while let Some((directory, prefix)) = directories.pop() {
        for path in entries(&directory)? {
            let Some(file_name) = path.file_name().and_then(|name| name.to_str()) else {
                return Err(AssetsError::NotUtf8(path));
            };
            if file_name.starts_with('.') {
                continue;
            }
            let name = format!("{prefix}{file_name}");
            if is_directory(&root, &path)? {
                directories.push((path, name + "/"));
            } else {
                files.push(AssetFile { name, path });
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, AssetsError> {
    fs::read_dir(directory)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(|error| AssetsError::Read(directory.into(), error))
}

/// Returns `true` if the path is a directory, and `false` if it is a file below `root`.
///
/// Links to directories are refused, since they could lead back to a parent.
fn is_directory(root: &Path, path: &Path) -> Result<bool, AssetsError> {
    let read = |error| AssetsError::Read(path.into(), error);
    let itself = fs::symlink_metadata(path).map_err(read)?.file_type();
    if itself.is_dir() {
        return Ok(true);
    }
    if itself.is_symlink() {
        let target = fs::canonicalize(path).map_err(read)?;
        if target.is_dir() || !target.starts_with(root) {
            return Err(AssetsError::Link(path.into()));
        }
    }
    if !fs::metadata(path).map_err(read)?.is_file() {
        return Err(AssetsError::NotAFile(path.into()));
    }
    Ok(false)
}

impl AssetFile {
    /// Reads the content. Returns `None` if it has more than `limit` bytes.
    pub(super) fn read(&self, limit: usize) -> Result<Option<Bytes>, AssetsError> {
        let mut content = Vec::new();
        File::open(&self.path)
            .and_then(|file| {
                // One byte beyond the limit shows that the file is too large.
                file.take((limit as u64).saturating_add(1))
                    .read_to_end(&mut content)
            })
            .map_err(|error| AssetsError::Read(self.path.clone(), error))?;
        Ok((content.len() <= limit).then(|| content.into()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
