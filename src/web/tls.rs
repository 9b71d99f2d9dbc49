//! TLS on our own port: certificate and key, read anew when vigil.toml is.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

use crate::config::TlsConfig;

/// A certificate or key that cannot be used.
#[derive(Debug, Error)]
#[error("{path}: {reason}; expected PEM: `tls = {{ certificate = \"...\", key = \"...\" }}` in [http]")]
pub struct TlsError {
    /// The file.
    pub path: String,
    /// What is wrong.
    pub reason: String,
}

/// The port's certificate and key.
pub struct Tls {
    config: TlsConfig,
    in_use: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads both.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn open(config: &TlsConfig) -> Result<Tls, TlsError> {
        Ok(Tls { config: config.clone(), in_use: RwLock::new(read(config)?) })
    }

    /// Reads both anew, as after a certificate was renewed. Connections go on with what they have.
    ///
    /// # Errors
    /// [`TlsError`]; the old ones stay in use.
    pub fn read_again(&self) -> Result<(), TlsError> {
        let read = read(&self.config)?;
        *self.in_use.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// What a connection begins with.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.in_use.read().unwrap_or_else(PoisonError::into_inner).clone().into()
    }
}

fn read(config: &TlsConfig) -> Result<Arc<ServerConfig>, TlsError> {
    let failed = |path: &Path, reason: &dyn std::fmt::Display| TlsError {
        path: path.display().to_string(),
        reason: reason.to_string(),
    };
    let certificate = |reason: &dyn std::fmt::Display| failed(&config.certificate, reason);
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&config.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| certificate(&words(&error)))?;
    if chain.is_empty() {
        return Err(certificate(&"there is no certificate in it"));
    }
    let key =
        PrivateKeyDer::from_pem_file(&config.key).map_err(|error| failed(&config.key, &words(&error)))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| certificate(&error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| {
            failed(&config.key, &format!("does not go with {}: {error}", config.certificate.display()))
        })?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(server))
}

fn words(error: &rustls::pki_types::pem::Error) -> String {
    match error {
        rustls::pki_types::pem::Error::Io(error) => format!("cannot be read: {error}"),
        rustls::pki_types::pem::Error::NoItemsFound => "there is nothing of the kind in it".into(),
        error => error.to_string(),
    }
}
