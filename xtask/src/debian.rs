//! A guest compiler where rustup may not download: Debian's own rustc, and a standard library built from its source.
//!
//! Debian packages a current compiler (`rustc-web`) and the source of the standard library with its dependencies
//! (`rust-web-src`), but no library for bare WebAssembly. So the library is built once, without any network, and put
//! beside a small wrapper of the compiler in the user's cache. The host's compiler is never replaced: this one is
//! reached by its path alone.
//!
//! A finished toolchain is a folder named after what it was made from, renamed into place when it is complete: it is
//! there whole or not at all, and an upgrade of the packages makes another folder.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{
    guest::TARGET,
    house::House,
    packages,
    progress::{self, Progress},
    stamp,
};

/// The minor version of Debian's compiler: pinned, so that two machines build the same plugin.
const VERSION: &str = "1.96";
/// The linker `rustc` runs for WebAssembly, as packaged.
const LINKER: &str = "/usr/bin/lld-22";
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const LIBRARY: &str = "/usr/lib/rustlib/src/rust/library";
/// Changed whenever this module makes a different toolchain of the same packages.
const RECIPE: &str = "1";

/// The toolchain of the packages installed now, if it was made before; asks no network and changes nothing.
pub fn cached(house: &House) -> Option<PathBuf> {
    if !packages_are_installed(house) {
        return None;
    }
    let rustc = folder(house).join(name(&made_from(house).ok()?)).join("bin/rustc");
    rustc.is_file().then_some(rustc)
}

/// The path of a compiler that has the guest target; installs packages and builds the library where needed.
pub fn toolchain(house: &House, progress: &mut Progress) -> Result<PathBuf> {
    if let Some(rustc) = cached(house) {
        return Ok(rustc);
    }
    if !packages_are_installed(house) {
        install_packages(house, progress)?;
    }
    let folder = folder(house);
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let _lock = lock(&folder.join("lock"))?;
    if let Some(rustc) = cached(house) {
        return Ok(rustc);
    }
    build(house, &folder, progress)
}

/// Takes an exclusive lock on a file, and says so when somebody else has it; it is free again when dropped.
pub fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("{} cannot be made", path.display()))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => eprintln!("      waiting for another build (it holds {})", path.display()),
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("{} cannot be locked", path.display()));
        }
    }
    file.lock().with_context(|| format!("{} cannot be locked", path.display()))?;
    Ok(file)
}

fn folder(house: &House) -> PathBuf {
    house.cache.join("guest-toolchain")
}

fn name(made_from: &str) -> String {
    stamp::digest(made_from.as_bytes())[..16].to_owned()
}

/// What decides the content of the toolchain.
fn made_from(house: &House) -> Result<String> {
    let rustc = progress::output(house.program(RUSTC).arg("-vV"))?;
    let source = progress::output(house.program("dpkg-query").args(["-W", "-f", "${Version}", "rust-web-src"]))?;
    Ok(format!("{rustc}rust-web-src: {source}\ntarget: {TARGET}\nrecipe: {RECIPE}\n"))
}

fn packages_are_installed(house: &House) -> bool {
    let files = [LINKER, CARGO, &format!("{LIBRARY}/Cargo.toml")].iter().all(|path| Path::new(path).exists());
    let version = || house.program(RUSTC).arg("-V").output().map(|output| output.stdout);
    files && version().is_ok_and(|version| is_wanted(&String::from_utf8_lossy(&version)))
}

fn is_wanted(version: &str) -> bool {
    version.strip_prefix("rustc ").and_then(|rest| rest.strip_prefix(VERSION)).is_some_and(|rest| rest.starts_with('.'))
}

fn install_packages(house: &House, progress: &mut Progress) -> Result<()> {
    if !packages::has_apt(house) {
        bail!("no compiler here has the target {TARGET}; install it with: rustup target add {TARGET}");
    }
    let root = packages::is_root(house)?;
    let apt = || packages::apt(house, root);
    let known = || progress::output(house.program("apt-cache").args(["madison", "rustc-web"]));
    let mut pin = newest(&known().unwrap_or_default());
    if pin.is_none() {
        progress.run("guest compiler: apt-get update", apt().arg("update"))?;
        pin = newest(&known()?);
    }
    let Some(pin) = pin else {
        bail!("apt offers no rustc-web {VERSION}; install the target with: rustup target add {TARGET}");
    };
    let pinned = ["rustc-web", "cargo-web", "rust-web-src"].map(|package| format!("{package}={pin}"));
    let mut install = apt();
    install.args(["install", "-y", "--no-install-recommends"]).args(pinned).arg("lld-22");
    progress.run(&format!("guest compiler: install rustc-web {pin} beside the host's compiler"), &mut install)
}

/// The first version of the wanted minor release in what `apt-cache madison` lists, newest first.
fn newest(madison: &str) -> Option<String> {
    let versions = madison.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim);
    versions.filter(|version| version.starts_with(&format!("{VERSION}."))).map(str::to_owned).next()
}

fn build(house: &House, folder: &Path, progress: &mut Progress) -> Result<PathBuf> {
    let made_from = made_from(house)?;
    let finished = folder.join(name(&made_from));
    let new = folder.join("new");
    let work = folder.join("work");
    for leftover in [&new, &work] {
        remove(leftover)?;
    }
    build_library(house, &work, progress)?;
    assemble(house, &new, &finished, &work, &made_from)
        .with_context(|| format!("the guest toolchain cannot be put together in {}", folder.display()))?;
    remove(&work)?;
    remove_others(folder, &finished)?;
    fs::rename(&new, &finished).with_context(|| format!("{} cannot be made", finished.display()))?;
    Ok(finished.join("bin/rustc"))
}

/// Builds the standard library with cargo's own `build-std`, from the vendored source and an empty registry.
fn build_library(house: &House, work: &Path, progress: &mut Progress) -> Result<()> {
    const PROBE: &str = r#"
[package]
name = "probe"
version = "0.0.0"
edition = "2021"
[lib]
crate-type = ["rlib"]
[profile.release]
opt-level = "s"
codegen-units = 1
debug = 0
[profile.release.package.compiler_builtins]
codegen-units = 10000
[workspace]
"#;
    fs::create_dir_all(work.join("src"))
        .and_then(|()| fs::write(work.join("src/lib.rs"), ""))
        .and_then(|()| fs::write(work.join("Cargo.toml"), PROBE))
        .with_context(|| format!("{} cannot be written", work.display()))?;
    let mut cargo = house.program(CARGO);
    for inherited in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(inherited);
    }
    cargo
        .current_dir(work)
        .env("CARGO_HOME", work.join("cargo-home"))
        .env("CARGO_TARGET_DIR", work.join("target"))
        .env("RUSTC", RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Cembed-bitcode=yes --remap-path-prefix=/usr/src=/rustc-src")
        .args(["build", "--offline", "--release", "--target", TARGET, "-Zbuild-std=std,panic_abort"])
        .args(["--config", "source.crates-io.replace-with='std-vendor'"])
        .args(["--config", &format!("source.std-vendor.directory='{LIBRARY}/vendor'")]);
    progress.run(&format!("guest compiler: build the standard library for {TARGET}"), &mut cargo)
}

/// Wrapper, sysroot and linker: a compiler that looks complete to cargo.
fn assemble(house: &House, new: &Path, finished: &Path, work: &Path, made_from: &str) -> Result<()> {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let verbose = progress::output(house.program(RUSTC).arg("-vV"))?;
    let host = verbose.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc -vV names no host")?;
    let of_host = new.join("lib/rustlib").join(host);
    let of_guest = new.join("lib/rustlib").join(TARGET).join("lib");
    for folder in [new.join("bin"), of_host.join("bin"), of_guest.clone()] {
        fs::create_dir_all(folder)?;
    }
    // Procedural macros and build scripts run on the host: they use Debian's own library for it.
    symlink(format!("/usr/lib/rustlib/{host}/lib"), of_host.join("lib"))?;
    symlink(LINKER, of_host.join("bin/rust-lld"))?;
    let wrapper = new.join("bin/rustc");
    let sysroot = finished.display().to_string().replace('\'', "'\\''");
    fs::write(&wrapper, format!("#!/bin/sh\nexec {RUSTC} --sysroot '{sysroot}' \"$@\"\n"))?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(work.join("target").join(TARGET).join("release/deps"))? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.ends_with(".rlib") && !name.starts_with("libprobe-") {
            fs::copy(&path, of_guest.join(name))?;
        }
    }
    fs::write(new.join("made-from"), made_from)?;
    Ok(())
}

/// Toolchains of packages that are no longer installed link to files that are gone.
fn remove_others(folder: &Path, keep: &Path) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be listed", folder.display()))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path != keep && path.join("made-from").is_file() && !path.ends_with("new") {
            remove(&path)?;
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pinned_release_will_do() {
        assert!(is_wanted("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"));
        assert!(!is_wanted("rustc 1.960.0"));
        assert!(!is_wanted("rustc 1.95.0 (59807616e 2026-04-14)"));
        assert!(!is_wanted(""));
    }

    #[test]
    fn the_newest_fitting_package_is_taken() {
        let madison = " rustc-web | 1.97.0+dfsg1-1 | http://deb bookworm/main amd64 Packages\n \
                       rustc-web | 1.96.0+dfsg1-1~deb12u2 | http://deb bookworm/main amd64 Packages\n \
                       rustc-web | 1.96.0+dfsg1-1~deb12u1 | http://deb bookworm/main amd64 Packages\n";
        assert_eq!(newest(madison).as_deref(), Some("1.96.0+dfsg1-1~deb12u2"));
        assert_eq!(newest("rustc-web | 1.85.0 | x\n"), None);
        assert_eq!(newest(""), None);
    }

    #[test]
    fn other_packages_make_another_folder() {
        assert_ne!(name("rustc 1.96.0 rust-web-src 1"), name("rustc 1.96.0 rust-web-src 2"));
        assert_eq!(name("x").len(), 16);
    }
}
