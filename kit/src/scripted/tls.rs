//! The scripted acquirer's own certificate authority and its server certificate, made at every start.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::version::{TLS12, TLS13};

/// The name the certificate holds, and terminals ask for.
pub const SERVER_NAME: &str = "acquirer.test";

/// What a start needs.
pub(super) struct Identity {
    /// The certificate of the authority, which terminals pin.
    pub ca_pem: String,
    /// TLS 1.2 and 1.3 with the server certificate.
    pub config: Arc<ServerConfig>,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate could not be made.
    #[error("the scripted acquirer could not make its certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS does not take it.
    #[error("TLS refuses the scripted acquirer's certificate: {0}")]
    Tls(#[from] rustls::Error),
}

impl Identity {
    pub fn make() -> Result<Self, TlsError> {
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, "TEST scripted acquirer authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority_key = KeyPair::generate()?;
        let ca_pem = authority.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(authority, authority_key);

        let mut server = CertificateParams::new([SERVER_NAME.to_owned()])?;
        server.distinguished_name.push(DnType::CommonName, "TEST scripted acquirer");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        let server_key = KeyPair::generate()?;
        let certificate = server.signed_by(&server_key, &issuer)?.der().clone();

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], PrivatePkcs8KeyDer::from(server_key.serialize_der()).into())?;
        Ok(Self { ca_pem, config: Arc::new(config) })
    }
}
