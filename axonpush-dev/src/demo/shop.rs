//! Customers of the shop, and what it takes to serve them.

use std::time::Duration;

use serde_json::{Value, json};

use super::HOUR;
use super::incidents::{Provider, RELEASE};
use super::pen::{ERROR, Exchange, Failure, INFO, Kind, Pen, Place, Service, Span, WARN};

pub(super) const PAYMENTS: Service = Service { name: "payments", version: "3.2.1", host: "payments-1" };

/// The shop in the version of that time.
pub(super) fn shop(at: Duration) -> Service {
    let version = if at < RELEASE { "1.7.4" } else { "1.8.0" };
    Service { name: "shop", version, host: "shop-2" }
}

pub(super) fn tell(pen: &mut Pen) {
    let mut at = Duration::from_secs(1);
    while at < HOUR {
        visit(pen, at);
        // Busier towards the end of the hour.
        let busy = u32::try_from(at.as_secs()).unwrap_or_default();
        at += Duration::from_millis(u64::from(pen.dice.between(900, 9_500 - busy)));
    }
}

/// One request.
fn visit(pen: &mut Pen, at: Duration) {
    let request = pen.dice.hex(20);
    let place = pen.trace().within_request(format!("req_{request}"));
    match pen.dice.below(100) {
        0..30 => products(pen, at, &place),
        30..60 => product(pen, at, &place),
        60..76 => add_to_cart(pen, at, &place),
        76..90 => checkout(pen, at, &place),
        90..96 => {
            let number = pen.dice.between(10_000, 10_400);
            order(pen, at, &place, number);
        }
        _ => coupon(pen, at, &place),
    }
}

fn products(pen: &mut Pen, at: Duration, place: &Place) {
    let rows = pen.dice.between(12, 49);
    let took = query(pen, at + STEP, place, "SELECT shop.products", 9_000, json!({"db.response.returned_rows": rows}));
    answer(pen, place, ("GET", "/products", "/products"), 200, at, took + STEP * 3);
}

fn product(pen: &mut Pen, at: Duration, place: &Place) {
    let id = pen.dice.between(100, 240);
    let cached = pen.dice.percent(70);
    let mut took = pen.dice.took(900);
    let attributes = json!({"db.system.name": "redis", "cache.hit": cached, "cache.key": format!("product:{id}")});
    span(pen, shop(at), place, ("GET product", Kind::Client), (at + STEP, took), attributes, None);
    if !cached {
        took += query(pen, at + STEP + took, place, "SELECT shop.products", 4_000, json!({"product.id": id}));
    }
    let missing = pen.dice.percent(4);
    if missing {
        let said = (WARN, ("shop::products", "no such product"));
        pen.log(shop(at), Some(place), at + took, said, json!({"product.id": id}));
    }
    let status = if missing { 404 } else { 200 };
    answer(pen, place, ("GET", "/products/{id}", &format!("/products/{id}")), status, at, took + STEP * 2);
}

fn add_to_cart(pen: &mut Pen, at: Duration, place: &Place) {
    let (cart, product) = (pen.dice.between(5_000, 5_900), pen.dice.between(100, 240));
    let took = query(pen, at + STEP, place, "INSERT shop.cart_items", 3_000, json!({"cart.id": cart}));
    let said = (INFO, ("shop::cart", "added to the cart"));
    pen.log(shop(at), Some(place), at + took, said, json!({"cart.id": cart, "product.id": product}));
    answer(pen, place, ("POST", "/cart/items", "/cart/items"), 201, at, took + STEP * 2);
}

/// The order of somebody who wants to know where it is. Returns how long the answer took.
pub(super) fn order(pen: &mut Pen, at: Duration, place: &Place, number: u32) -> Duration {
    let took = query(pen, at + STEP, place, "SELECT shop.orders", 5_000, json!({"order.number": number})) + STEP * 2;
    answer(pen, place, ("GET", "/orders/{number}", &format!("/orders/{number}")), 200, at, took);
    took
}

fn coupon(pen: &mut Pen, at: Duration, place: &Place) {
    let code = pen.dice.pick(&["WELCOME10", "SPRING", "FRIENDS"]);
    let took = query(pen, at + STEP, place, "SELECT shop.coupons", 2_500, json!({"coupon.code": code})) + STEP;
    let target = ("POST", "/cart/coupon", "/cart/coupon");
    // The new version expects a date that old coupons do not have.
    if at < RELEASE || code != "WELCOME10" {
        return answer(pen, place, target, 200, at, took);
    }
    let failure = Failure { kind: "MissingExpiry", message: "coupon WELCOME10 has no `expires_at`".to_owned() };
    let said = (ERROR, ("shop::coupons", "could not apply the coupon"));
    let facts = json!({"coupon.code": code, "exception.type": failure.kind, "exception.message": failure.message});
    pen.log(shop(at), Some(place), at + took, said, facts);
    refuse(pen, place, target, 500, (at, took), &failure);
}

fn checkout(pen: &mut Pen, at: Duration, place: &Place) {
    let (cart, cents) = (pen.dice.between(5_000, 5_900), pen.dice.between(900, 24_000));
    let mut took = STEP + query(pen, at + STEP, place, "SELECT shop.cart_items", 4_000, json!({"cart.id": cart}));
    let total = f64::from(cents) / 100.0;
    let target = ("POST", "/orders", "/orders");

    let (charged, failure) = charge(pen, at + took, place, total);
    took += charged;
    if let Some(failure) = failure {
        let said = (ERROR, ("shop::checkout", "the order was not placed: payment failed"));
        let facts = json!({"cart.id": cart, "order.total": total, "exception.type": failure.kind});
        pen.log(shop(at), Some(place), at + took, said, facts);
        return refuse(pen, place, target, 502, (at, took + STEP), &failure);
    }
    let number = pen.dice.between(10_000, 10_400);
    took += query(pen, at + took, place, "INSERT shop.orders", 6_000, json!({"order.number": number}));
    let attributes = json!({"messaging.system": "nats", "messaging.destination.name": "order.placed"});
    span(pen, shop(at), place, ("send order.placed", Kind::Producer), (at + took, STEP), attributes, None);
    let said = (INFO, ("shop::checkout", "order placed"));
    let facts = json!({"order.number": number, "order.total": total, "order.currency": "EUR", "cart.id": cart});
    pen.log(shop(at), Some(place), at + took + STEP, said, facts);
    answer(pen, place, target, 201, at, took + STEP * 2);
}

/// Asks the payments service for money. Returns how long that took, and what went wrong.
fn charge(pen: &mut Pen, at: Duration, place: &Place, total: f64) -> (Duration, Option<Failure>) {
    let Provider { slower, failing } = Provider::at(at);
    let calling = pen.inside(place);
    let serving = pen.inside(&calling);
    let mut took = STEP;
    let mut failure = None;
    for attempt in 1..=ATTEMPTS {
        let failed = pen.dice.percent(failing);
        let answered =
            if failed && pen.dice.percent(60) { TIMEOUT } else { pen.dice.took(85_000 * slower).min(TIMEOUT) };
        failure = failed.then(|| {
            let (kind, message) = if answered == TIMEOUT {
                ("timeout", "the provider did not answer within 2 s")
            } else {
                ("provider_unavailable", "the provider answered 503 Service Unavailable")
            };
            Failure { kind, message: message.to_owned() }
        });
        let attributes = json!({
            "http.request.method": "POST", "server.address": "api.pay.example", "http.request.resend_count": attempt - 1,
        });
        let name = ("POST /v1/authorizations", Kind::Client);
        span(pen, PAYMENTS, &serving, name, (at + took, answered), attributes, failure.as_ref());
        took += answered;
        let Some(failure) = &failure else { break };
        let said = (WARN, ("payments::provider", "the authorization failed"));
        let facts = json!({"attempt": attempt, "attempts": ATTEMPTS, "exception.message": failure.message});
        pen.log(PAYMENTS, Some(&serving), at + took, said, facts);
        took += STEP * 100 * attempt;
    }
    let status = if failure.is_some() { 503 } else { 200 };
    let (method, route) = ("POST", "/charges");
    let exchange = Exchange { method, route, path: route, status, at: at + STEP, took, failure: failure.as_ref() };
    pen.exchange(PAYMENTS, &serving, &exchange);
    let attributes = json!({
        "http.request.method": method, "server.address": "payments", "url.path": route, "order.total": total,
        "http.response.status_code": status,
    });
    let (name, kind) = ("POST /charges", Kind::Client);
    let call = Span { name, kind, at, took: took + STEP * 2, attributes, failure: failure.as_ref() };
    pen.span(shop(at), &calling, &call);
    (took + STEP * 2, failure)
}

/// A query of the shop's database that usually takes so many microseconds. Returns how long it took.
fn query(pen: &mut Pen, at: Duration, place: &Place, summary: &str, usual: u32, mut attributes: Value) -> Duration {
    let took = pen.dice.took(usual);
    if let Value::Object(attributes) = &mut attributes {
        attributes.insert("db.system.name".to_owned(), json!("postgresql"));
        attributes.insert("db.query.summary".to_owned(), json!(summary));
    }
    span(pen, shop(at), place, (summary, Kind::Client), (at, took), attributes, None);
    took
}

fn span(
    pen: &mut Pen,
    service: Service,
    place: &Place,
    (name, kind): (&str, Kind),
    (at, took): (Duration, Duration),
    attributes: Value,
    failure: Option<&Failure>,
) {
    let inside = pen.inside(place);
    pen.span(service, &inside, &Span { name, kind, at, took, attributes, failure });
}

/// Method, route and path.
type Target<'a> = (&'a str, &'a str, &'a str);

fn answer(pen: &mut Pen, place: &Place, (method, route, path): Target<'_>, status: u16, at: Duration, took: Duration) {
    pen.exchange(shop(at), place, &Exchange { method, route, path, status, at, took, failure: None });
}

fn refuse(
    pen: &mut Pen,
    place: &Place,
    (method, route, path): Target<'_>,
    status: u16,
    (at, took): (Duration, Duration),
    failure: &Failure,
) {
    pen.exchange(shop(at), place, &Exchange { method, route, path, status, at, took, failure: Some(failure) });
}

const ATTEMPTS: u32 = 3;
const TIMEOUT: Duration = Duration::from_secs(2);

/// What goes by between two things that take time.
const STEP: Duration = Duration::from_micros(700);
