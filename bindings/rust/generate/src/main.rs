//! Writes `spectacles-sys/src/bindings.rs` from the library's headers.
//!
//!     cargo run -- INCLUDE_FOLDER OUTPUT
//!
//! Needs libclang (Debian: libclang1). The output depends on the version of bindgen, which `Cargo.toml` fixes.
use std::{env, fs, process};

const HEAD: &str = "// The declarations of libspectacles, written by bindings/rust/generate.sh. Do not change this file by hand.";

fn bindings(include: &str) -> Result<String, bindgen::BindgenError> {
    let made = bindgen::Builder::default()
        .header(format!("{include}/spectacles/spectacles.h"))
        .clang_arg(format!("-I{include}"))
        .clang_args(["-x", "c", "-std=c11"])
        .allowlist_function("spectacles_.*")
        .allowlist_type("spectacles_.*")
        .allowlist_var("SPECTACLES_.*")
        .blocklist_item("SPECTACLES_VERSION_(MAJOR|MINOR|PATCH)")
        .default_enum_style(bindgen::EnumVariation::Consts)
        .prepend_enum_name(false)
        .generate_comments(false)
        .layout_tests(false)
        .disable_header_comment()
        .rust_target(bindgen::RustTarget::stable(63, 0).expect("bindgen knows Rust 1.63"))
        .rust_edition(bindgen::RustEdition::Edition2021)
        .formatter(bindgen::Formatter::Prettyplease)
        .raw_line(HEAD)
        .generate()?;
    Ok(made.to_string())
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let [_, include, output] = &arguments[..] else {
        eprintln!("usage: generate INCLUDE_FOLDER OUTPUT");
        process::exit(2);
    };
    let text = bindings(include).expect("the headers can be read");
    fs::write(output, text).expect("the output can be written");
}
