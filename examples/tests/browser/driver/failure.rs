//! Screenshots and pages of a test that fails.

use std::{fs, path::Path};

use super::{browser::Browser, tab::Tab};

/// Keeps a screenshot, the HTML and the requests of each open tab, and prints the directory.
pub(super) async fn save(browser: &Browser, name: &str) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let kind = format!("{:?}", browser.kind()).to_lowercase();
    let directory = directory.join("browser").join(name).join(kind);
    // Those of an earlier run would mislead.
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).expect("a directory");
    for (number, tab) in (1..).zip(browser.tabs()) {
        if !tab.is_closed() {
            save_tab(&tab, &directory.join(format!("tab-{number}"))).await;
        }
    }
    eprintln!("the pages are kept in {}", directory.display());
}

/// Keeps as much of the page as the browser still tells.
async fn save_tab(tab: &Tab, stem: &Path) {
    fs::write(stem.with_extension("txt"), tab.describe().await).expect("a file");
    if let Ok(html) = tab.html().await {
        fs::write(stem.with_extension("html"), html).expect("a file");
    }
    if let Ok(image) = tab.screenshot().await {
        fs::write(stem.with_extension("png"), image).expect("a file");
    }
}
