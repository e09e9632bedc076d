//! The server is not who it should be.

use std::{net::SocketAddr, sync::Arc, thread};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rig::proxy::Proxy;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};

use super::{Scale, Verdict, processes::part};

pub(super) fn bad_certificates(_: Scale) -> Verdict {
    let mut verdict = Verdict::new();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let file = std::env::temp_dir().join(format!("axonpush-faults-{}.pem", std::process::id()));
    std::fs::write(&file, authority.pem()).unwrap();

    let cases = [
        ("trusted", "localhost", 2100, true, ""),
        ("expired", "localhost", 2020, false, "expired"),
        ("wrong host", "other.invalid", 2100, false, "not valid for"),
    ];
    for (name, host, until, good, says) in cases {
        let server = rig::server();
        let proxy = Proxy::start(server.addr());
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(until, 1, 1));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let addr = terminate(proxy.addr(), certificate.der().clone(), &key);
        let said = part(&["tls", &format!("https://localhost:{}", addr.port())], Some(&file));
        judge(&mut verdict, name, said.as_ref(), good, says);
        let (requests, stored) = (proxy.requests(), server.len());
        verdict.exactly("stored", stored, if good { 21 } else { 0 });
        verdict.check(good || requests == 0, format_args!("{requests} requests"), "0 to the untrusted");
    }
    // A server that speaks plain text where TLS is expected hears no request either.
    let server = rig::server();
    let said = part(&["tls", &server.url().replace("http:", "https:")], Some(&file));
    judge(&mut verdict, "plain text", said.as_ref(), false, "");
    verdict.exactly("requests", server.requests().len(), 0);
    let _ = std::fs::remove_file(file);
    verdict
}

fn judge(verdict: &mut Verdict, name: &str, said: Option<&serde_json::Value>, good: bool, says: &str) {
    let Some(said) = said else { return verdict.check(false, format_args!("{name}: no answer"), "ends") };
    let message = said["says"].as_str().unwrap_or_default();
    let fits = said["published"] == good && said["connect"] == !good && message.contains(says);
    let figure = if good { "published".to_owned() } else { format!("`{message}`") };
    verdict.check(fits, format_args!("{name}: {figure}"), "refused as a connection error that says why");
    let (delivered, lost) = if good { (20, 0) } else { (0, 20) };
    let exact = said["balanced"] == true && said["delivered"] == delivered && said["lost"] == lost;
    verdict.check(exact, format_args!("delivered {}, lost {}", said["delivered"], said["lost"]), "books exact");
}

/// Speaks TLS for `upstream` until the process ends.
fn terminate(upstream: SocketAddr, certificate: CertificateDer<'static>, key: &KeyPair) -> SocketAddr {
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        super::runtime_1().block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((client, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut client = acceptor.accept(client).await?;
                    let mut upstream = tokio::net::TcpStream::connect(upstream).await?;
                    tokio::io::copy_bidirectional(&mut client, &mut upstream).await
                });
            }
        });
    });
    addr
}
