//! The files themselves.

use std::sync::OnceLock;

use crate::digest::sha256_hex;

/// One file of the page.
pub(super) struct Asset {
    pub(super) path: &'static str,
    pub(super) content_type: &'static str,
    pub(super) bytes: &'static [u8],
    tag: OnceLock<String>,
}

impl Asset {
    /// The same for the same bytes, and only for them.
    pub(super) fn tag(&self) -> &str {
        self.tag.get_or_init(|| format!("\"{}\"", sha256_hex(self.bytes)))
    }
}

macro_rules! asset {
    ($path:literal, $content_type:ident) => {
        Asset {
            path: concat!("/page/", $path),
            content_type: $content_type,
            bytes: include_bytes!(concat!("../../page/", $path)),
            tag: OnceLock::new(),
        }
    };
}

pub(super) static INDEX: Asset = asset!("index.html", HTML);

pub(super) static ASSETS: [Asset; 31] = [
    asset!("api.js", SCRIPT),
    asset!("charts.js", SCRIPT),
    asset!("clients.js", SCRIPT),
    asset!("detail.js", SCRIPT),
    asset!("dom.js", SCRIPT),
    asset!("empty.js", SCRIPT),
    asset!("events.js", SCRIPT),
    asset!("filter.js", SCRIPT),
    asset!("format.js", SCRIPT),
    asset!("gathering.js", SCRIPT),
    asset!("icon.svg", SVG),
    asset!("json.js", SCRIPT),
    asset!("keys.js", SCRIPT),
    asset!("list.js", SCRIPT),
    asset!("main.js", SCRIPT),
    asset!("request.js", SCRIPT),
    asset!("route.js", SCRIPT),
    asset!("row.js", SCRIPT),
    asset!("rows.js", SCRIPT),
    asset!("spans.js", SCRIPT),
    asset!("stats.js", SCRIPT),
    asset!("stored.js", SCRIPT),
    asset!("stream.js", SCRIPT),
    asset!("style.css", CSS),
    asset!("tail.js", SCRIPT),
    asset!("theme.js", SCRIPT),
    asset!("trace.js", SCRIPT),
    asset!("traces.js", SCRIPT),
    asset!("vendor/uplot/uPlot.esm.js", SCRIPT),
    asset!("vendor/uplot/uPlot.min.css", CSS),
    asset!("view.js", SCRIPT),
];

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const SCRIPT: &str = "text/javascript; charset=utf-8";
