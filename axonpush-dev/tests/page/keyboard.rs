//! Without a mouse.

use crate::rig::{browse, event};

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

#[tokio::test]
async fn everything_can_be_done_from_the_keyboard() {
    browse(async |page| {
        for name in ["one", "two", "three"] {
            page.publish(event(name)).await;
        }
        page.open("").await;
        page.shows("#counts", "3 events").await;
        page.press("j").await;
        page.press("j").await;
        page.shows(".row[aria-selected='true'] .name", "two").await;
        page.press(ENTER).await;
        page.shows(".detail h2", "two").await;
        page.press("k").await;
        page.shows(".detail h2", "three").await;
        page.press(ESCAPE).await;
        page.until("document.getElementById('detail').hidden").await;

        // While somebody types, keys are letters.
        page.press("/").await;
        page.press("jpd?").await;
        page.shows("#counts", "0 of 3 events match").await;
        assert_eq!(page.value("document.getElementById('search').value").await, "jpd?");
        page.press(ESCAPE).await;
        page.run("document.getElementById('search').value = ''; document.getElementById('search').dispatchEvent(new Event('input'))").await;

        page.press("p").await;
        page.shows("#pause", "Resume").await;
        page.press("p").await;
        page.shows("#pause", "Pause").await;
        page.press("?").await;
        page.shows("#keys kbd", "/").await;
        page.press(ESCAPE).await;
        page.until("!document.getElementById('keys').open").await;
        for (key, view) in [("2", "traces"), ("3", "charts"), ("4", "clients"), ("1", "events")] {
            page.press(key).await;
            page.until(&format!("document.getElementById('view-{view}').checkVisibility()")).await;
        }
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}
