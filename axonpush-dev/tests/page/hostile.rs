//! Whatever is stored is text: no field of it becomes markup, a script, a link or a style.

use serde_json::{Value, json};

use crate::rig::{Page, browse};

#[tokio::test]
async fn nothing_that_is_stored_is_ever_executed() {
    browse(async |page| {
        for (place, payload) in PAYLOADS.iter().enumerate() {
            // The trace and request of each are its own, so that each has views of its own.
            page.publish(everywhere(payload, &format!("{payload} {place}"))).await;
        }
        page.publish(everywhere(&PAYLOADS.concat(), &PAYLOADS.concat())).await;
        let losses: serde_json::Map<_, _> =
            PAYLOADS.iter().map(|payload| (format!("axonpush.lost.{payload}"), json!(1))).collect();
        page.publish(json!({"identifier": "axonpush.events_lost", "payload": {"attributes": losses}})).await;
        let stored = format!("{} events", PAYLOADS.len() + 2);
        page.open("").await;
        page.shows("#counts", &stored).await;
        let elements = page.value(ELEMENTS).await;

        // Each row with its detail, then every other view, of every payload.
        page.press("j").await;
        page.press("\u{e007}").await;
        for _ in PAYLOADS {
            page.press("j").await;
        }
        page.shows(".detail h2", PAYLOADS[1]).await;
        let all = json!(PAYLOADS);
        for view in ["trace", "request"] {
            visit(&page, &all, view).await;
        }
        page.go("#/traces").await;
        page.until("document.querySelectorAll('.traces tbody tr').length > 50").await;
        page.go("#/clients").await;
        page.until("document.querySelectorAll('.clients tbody tr').length > 50").await;
        page.shows(".clients .reason", PAYLOADS[0]).await;
        page.go("#/charts").await;
        page.shows(".legend", "p99").await;
        // As a link that somebody was sent.
        for payload in PAYLOADS {
            page.go(&format!("#/events?q={payload}")).await;
            page.go(&format!("#/{payload}")).await;
        }
        page.go("#/events").await;
        page.shows("#counts", &stored).await;
        page.run("document.querySelector('#type').focus()").await;

        assert_eq!(page.value("window.executed ?? 'nothing'").await, "nothing");
        assert_eq!(page.complaints().await, [""; 0]);
        assert_eq!(page.value(ELEMENTS).await, elements);
    })
    .await;
}

/// Opens the view of each payload and waits until it is drawn.
async fn visit(page: &Page, payloads: &Value, view: &str) {
    let drawn = page
        .call(&format!(
            "let drawn = 0;
             const payloads = {payloads};
             for (const [place, payload] of payloads.entries()) {{
               const id = `${{payload}} ${{place}}`;
               location.hash = `#/{view}/${{encodeURIComponent(id)}}`;
               const end = performance.now() + 5000;
               const shown = () => {{
                 const section = document.getElementById('view-{view}');
                 return section.querySelector('.mono')?.textContent.includes(id) && section.querySelector('ol li');
               }};
               while (!shown() && performance.now() < end) await new Promise((done) => setTimeout(done, 5));
               if (!shown()) return `{view} of ${{id}}: ${{document.getElementById('view-{view}').textContent}}`;
               document.querySelector('#view-{view} li button:not(.fold)').click();
               drawn += 1;
             }}
             return drawn;"
        ))
        .await;
    assert_eq!(drawn, json!(PAYLOADS.len()));
}

/// An event that carries `payload` in every field it has.
fn everywhere(payload: &str, id: &str) -> Value {
    json!({
        "identifier": payload, "eventType": payload, "agentId": payload, "traceId": id, "spanId": payload,
        "parentSpanId": format!("{payload} parent"), "channel_id": payload,
        "metadata": {payload: payload, "request_id": payload},
        "payload": {
            "body": payload, "severityText": payload, "name": payload, payload: {payload: [payload]},
            "status": {"code": 2, "message": payload},
            "startTimeUnixNano": payload, "endTimeUnixNano": payload,
            "attributes": {
                payload: payload, "request.id": id, "session.id": payload, "user.id": payload, "error.type": payload,
                "exception.type": payload, "exception.message": payload, "exception.stacktrace": payload,
                "http.request.method": payload, "http.route": payload, "http.response.status_code": payload,
                "gen_ai.agent.name": payload, "gen_ai.tool.name": payload, "gen_ai.request.model": payload,
                "gen_ai.response.model": payload, "gen_ai.provider.name": payload,
            },
            "resource": {
                "service.name": payload, "service.version": payload, "deployment.environment": payload,
                "service.instance.id": payload, "telemetry.sdk.name": payload, "host.name": payload, payload: payload,
            },
        },
    })
}

/// Kinds of elements that no view of ours has made by itself.
const ELEMENTS: &str = "[document.querySelectorAll('script').length, document.querySelectorAll('link').length,
    document.querySelectorAll('iframe, object, embed, base, style, form, meta[http-equiv], math, video, audio, marquee').length,
    document.querySelectorAll('svg').length, document.images.length, document.querySelectorAll('[href^=\"javascript\" i], [srcdoc], [onerror], [onload]').length]";

/// Each would set `window.executed` if it ever were more than text.
const PAYLOADS: &[&str] = &[
    "<script>window.executed=1</script>",
    "<SCRIPT SRC=data:text/javascript,window.executed=1></SCRIPT>",
    "</script><script>window.executed=1</script>",
    "<scr<script>ipt>window.executed=1</scr</script>ipt>",
    "<script\u{0}>window.executed=1</script>",
    "<script/x>window.executed=1</script>",
    "<img src=x onerror=window.executed=1>",
    "<img src=x onerror='window.executed=1'>",
    "<img/src='x'/onerror=window.executed=1>",
    "<img src=\"x` `<script>window.executed=1</script>\"` `>",
    "<img src onerror=&#119;indow.executed=1>",
    "<image src=x onerror=window.executed=1>",
    "<svg onload=window.executed=1>",
    "<svg><script>window.executed=1</script></svg>",
    "<svg><animate onbegin=window.executed=1 attributeName=x dur=1s>",
    "<svg><a xlink:href=javascript:window.executed=1><text>x</text></a></svg>",
    "<svg><use href=\"data:image/svg+xml,<svg id=x onload=window.executed=1>#x\"></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.executed=1>",
    "<body onload=window.executed=1>",
    "<iframe src=javascript:window.executed=1></iframe>",
    "<iframe srcdoc='<script>parent.executed=1</script>'></iframe>",
    "<object data=javascript:window.executed=1></object>",
    "<embed src=javascript:window.executed=1>",
    "<base href=javascript:window.executed=1//>",
    "<link rel=stylesheet href=data:text/css,*{display:none}>",
    "<style>*{display:none!important}</style>",
    "<style>@import 'data:text/css,body{display:none}';</style>",
    "<meta http-equiv=refresh content='0;url=javascript:window.executed=1'>",
    "<form action=javascript:window.executed=1><button>x</button></form>",
    "<input autofocus onfocus=window.executed=1>",
    "<select autofocus onfocus=window.executed=1>",
    "<textarea autofocus onfocus=window.executed=1>",
    "<details open ontoggle=window.executed=1>x</details>",
    "<video><source onerror=window.executed=1></video>",
    "<audio src=x onerror=window.executed=1>",
    "<marquee onstart=window.executed=1>x</marquee>",
    "<div style=animation-name:x onanimationstart=window.executed=1>",
    "<a href=javascript:window.executed=1>x</a>",
    "<a href='java\tscript:window.executed=1'>x</a>",
    "<template><script>window.executed=1</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=window.executed=1>'>",
    "<!--><img src=x onerror=window.executed=1>-->",
    "<![CDATA[<img src=x onerror=window.executed=1>]]>",
    "<xss onclick=window.executed=1 autofocus tabindex=1>",
    "\"><img src=x onerror=window.executed=1>",
    "'><img src=x onerror=window.executed=1>",
    "\" onmouseover=window.executed=1 x=\"",
    "' autofocus onfocus=window.executed=1 x='",
    "` onload=window.executed=1 `",
    "javascript:window.executed=1",
    "JaVaScRiPt:window.executed=1//",
    "data:text/html,<script>window.executed=1</script>",
    "{{constructor.constructor('window.executed=1')()}}",
    "${window.executed=1}",
    "';window.executed=1;//",
    "\\\";window.executed=1;//",
    "&lt;script&gt;window.executed=1&lt;/script&gt;",
    "\u{202e}<script>window.executed=1</script>",
    "__proto__",
    "constructor",
];
