//! Which route a path has, remembered: actix looks for it with a regular expression for each route, and begins anew for
//! everyone who asks.

use std::{cell::RefCell, rc::Rc};

use actix_web::dev::ServiceRequest;

/// Routes of paths that a worker met lately. They are those of one app, whose routes never change.
#[derive(Debug, Default)]
pub(crate) struct Routes(RefCell<Vec<Known>>);

#[derive(Debug, Default)]
struct Known {
    path: String,
    route: Option<Rc<str>>,
}

/// How many paths are remembered. Those with an id in them come and go; those without one stay.
const PATHS: usize = 256;

/// Bytes of the longest path that is remembered.
const LONGEST: usize = 256;

impl Routes {
    /// The template of the route that a request will take, if there is one.
    pub(crate) fn of(&self, request: &ServiceRequest) -> Option<Rc<str>> {
        let path = request.path();
        let Ok(mut paths) = self.0.try_borrow_mut() else { return request.match_pattern().map(Rc::from) };
        if paths.is_empty() {
            paths.resize_with(PATHS, Known::default);
        }
        let Some(known) = paths.get_mut(place(path)).filter(|_| (1..=LONGEST).contains(&path.len())) else {
            return request.match_pattern().map(Rc::from);
        };
        if known.path != path {
            known.path.clear();
            known.path.push_str(path);
            known.route = request.match_pattern().map(Rc::from);
        }
        known.route.clone()
    }
}

/// Where a path is remembered. Two that share a place take turns.
fn place(path: &str) -> usize {
    let (words, rest) = path.as_bytes().as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
    let mixed = words.iter().chain([&last]).fold(path.len() as u64, |mixed, word| {
        (mixed ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    });
    (mixed >> 32) as usize % PATHS
}

#[cfg(test)]
mod tests {
    use actix_web::{
        App,
        dev::Service as _,
        rt,
        test::{TestRequest, call_service, init_service},
        web,
    };

    use super::*;

    #[test]
    fn a_route_that_is_remembered_is_the_one_that_is_looked_for() {
        let routes = Rc::new(Routes::default());
        let asked = Rc::clone(&routes);
        let app = App::new()
            .wrap_fn(move |request, inner| {
                for _ in 0..2 {
                    assert_eq!(asked.of(&request).as_deref(), request.match_pattern().as_deref());
                }
                inner.call(request)
            })
            .route("/users/latest", web::get().to(|| async { "latest" }))
            .service(web::scope("/users").route("/{id}", web::get().to(|| async { "one" })));
        rt::System::new().block_on(async {
            let app = init_service(app).await;
            let many = (0..1000).map(|id| format!("/users/{id}"));
            let odd = ["/", "/users", "/users/latest", "/users/7/", "/nowhere", "/users/latest"].map(str::to_owned);
            for path in odd.into_iter().chain(many).chain([format!("/users/{}", "7".repeat(1000))]) {
                call_service(&app, TestRequest::get().uri(&path).to_request()).await;
            }
        });
        assert_eq!(routes.0.borrow().len(), PATHS);
    }
}
