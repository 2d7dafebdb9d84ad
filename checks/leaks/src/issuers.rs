//! Tokens that can be told by themselves: issuer by issuer what they start with, how long they are, which characters they
//! have and which checksum. A row a shape; nothing here looks at names.

use super::lexicon::Lexicon;

/// What follows a prefix.
pub enum Body {
    /// So many characters of an alphabet.
    Run(Alphabet, usize, usize),
    /// Anything that only a function can tell: the length of the body, when it is one.
    Fn(fn(&[u8]) -> Option<usize>),
}

/// Sets of characters.
#[derive(Clone, Copy)]
pub enum Alphabet {
    /// `0-9A-Za-z`
    Alnum,
    /// `0-9A-Za-z_-`
    Url,
    /// `0-9A-Za-z_-.`
    Dotted,
    /// `0-9a-f`
    Hex,
    /// `0-9a-z`
    LowerAlnum,
    /// `0-9A-Z`
    UpperAlnum,
    /// `0-9A-Za-z+/=`, padding at the end
    Base64,
    /// `0-9A-Za-z_-+/=.~`
    Any,
}

impl Alphabet {
    /// Whether a byte belongs to it.
    pub fn has(self, b: u8) -> bool {
        match self {
            Self::Alnum => b.is_ascii_alphanumeric(),
            Self::Url => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'),
            Self::Dotted => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'),
            Self::Hex => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
            Self::LowerAlnum => b.is_ascii_digit() || b.is_ascii_lowercase(),
            Self::UpperAlnum => b.is_ascii_digit() || b.is_ascii_uppercase(),
            Self::Base64 => b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='),
            Self::Any => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b'~'),
        }
    }
}

/// How a token proves itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// By its shape alone.
    Shape,
    /// By the CRC-32 of its first thirty characters in its last six, base 62.
    Crc62,
}

/// One row.
pub struct Issuer {
    /// For messages.
    pub kind: &'static str,
    /// What it starts with.
    pub prefix: &'static str,
    /// What follows.
    pub body: Body,
    /// How it proves itself.
    pub proof: Proof,
}

const fn run(kind: &'static str, prefix: &'static str, alphabet: Alphabet, least: usize, most: usize) -> Issuer {
    Issuer { kind, prefix, body: Body::Run(alphabet, least, most), proof: Proof::Shape }
}

const fn sum(kind: &'static str, prefix: &'static str) -> Issuer {
    Issuer { kind, prefix, body: Body::Run(Alphabet::Alnum, 36, 36), proof: Proof::Crc62 }
}

const fn by(kind: &'static str, prefix: &'static str, body: fn(&[u8]) -> Option<usize>) -> Issuer {
    Issuer { kind, prefix, body: Body::Fn(body), proof: Proof::Shape }
}

use Alphabet::{Alnum, Any, Base64, Dotted, Hex, LowerAlnum, UpperAlnum, Url};

/// All rows.
pub static ISSUERS: &[Issuer] = &[
    sum("GitHub personal access token", "ghp_"),
    sum("GitHub OAuth token", "gho_"),
    sum("GitHub user-to-server token", "ghu_"),
    sum("GitHub server-to-server token", "ghs_"),
    sum("GitHub refresh token", "ghr_"),
    by("GitHub fine-grained token", "github_pat_", |t| parts(t, b'_', &[(Alnum, 22, 22), (Alnum, 59, 59)])),
    by("GitLab personal access token", "glpat-", gitlab),
    by("GitLab deploy token", "gldt-", gitlab),
    by("GitLab runner token", "glrt-", gitlab),
    run("GitLab runner registration token", "GR1348941", Url, 20, 27),
    by("GitLab pipeline trigger token", "glptt-", gitlab),
    by("GitLab feed token", "glft-", gitlab),
    by("GitLab incoming mail token", "glimt-", gitlab),
    by("GitLab agent token", "glagent-", gitlab),
    by("GitLab SCIM token", "glsoat-", gitlab),
    by("GitLab OAuth application secret", "gloas-", gitlab),
    by("GitLab CI job token", "glcbt-", gitlab),
    by("GitLab feature flag client token", "glffct-", gitlab),
    run("AWS access key", "AKIA", UpperAlnum, 16, 16),
    run("AWS temporary access key", "ASIA", UpperAlnum, 16, 16),
    run("AWS bearer token", "ABIA", UpperAlnum, 16, 16),
    run("AWS Bedrock API key", "ABSK", Base64, 109, 269),
    run("Amazon MWS token", "amzn.mws.", Dotted, 36, 36),
    run("Google API key", "AIza", Url, 35, 35),
    run("Google OAuth client secret", "GOCSPX-", Url, 28, 28),
    run("Google OAuth access token", "ya29.", Dotted, 40, 2048),
    run("Google OAuth refresh token", "1//0", Url, 40, 200),
    by("Azure storage or service bus key", "AccountKey=", azure_key),
    by("Azure storage or service bus key", "SharedAccessKey=", azure_key),
    by("Azure shared access signature", "sig=", azure_signature),
    by("Azure AD client secret", "8Q~", azure_client),
    by("Slack bot token", "xoxb-", slack),
    by("Slack user token", "xoxp-", slack),
    run("Slack app token", "xapp-", Url, 20, 300),
    by("Slack workspace token", "xoxa-", slack),
    by("Slack refresh token", "xoxr-", slack),
    run("Slack configuration token", "xoxe.", Dotted, 20, 400),
    by("Slack legacy token", "xoxs-", slack),
    by("Slack webhook", "hooks.slack.com/services/", |t| {
        parts(t, b'/', &[(UpperAlnum, 8, 14), (UpperAlnum, 8, 14), (Alnum, 18, 32)])
    }),
    by("Slack workflow webhook", "hooks.slack.com/workflows/", |t| {
        parts(t, b'/', &[(UpperAlnum, 8, 14), (UpperAlnum, 8, 14), (Alnum, 10, 32), (Alnum, 18, 32)])
    }),
    run("Stripe secret key", "sk_live_", Alnum, 20, 247),
    run("Stripe restricted key", "rk_live_", Alnum, 20, 247),
    run("Stripe test key", "sk_test_", Alnum, 20, 247),
    run("Stripe restricted test key", "rk_test_", Alnum, 20, 247),
    run("webhook signing secret", "whsec_", Base64, 24, 100),
    run("Twilio API key", "SK", Hex, 32, 32),
    by("SendGrid API key", "SG.", |t| parts(t, b'.', &[(Url, 16, 24), (Url, 39, 48)])),
    run("Mailgun API key", "key-", Hex, 32, 32),
    run("Brevo API key", "xkeysib-", Url, 72, 90),
    run("Postmark or Mailjet webhook key", "pm_", Hex, 40, 64),
    sum("npm access token", "npm_"),
    run("PyPI upload token", "pypi-AgE", Url, 50, 400),
    run("Docker personal access token", "dckr_pat_", Url, 27, 27),
    run("Docker organization token", "dckr_oat_", Url, 32, 32),
    run("Hugging Face token", "hf_", Alnum, 34, 40),
    run("Hugging Face organization token", "api_org_", Alnum, 34, 34),
    by("OpenAI API key", "sk-", openai),
    run("Anthropic API key", "sk-ant-", Url, 40, 140),
    run("OpenRouter API key", "sk-or-v1-", Hex, 64, 64),
    run("Langfuse secret key", "sk-lf-", Url, 32, 40),
    by("LangSmith API key", "lsv2_", |t| {
        let kind = t.get(..3).filter(|k| matches!(*k, b"pt_" | b"sk_"))?.len();
        Some(kind + parts(&t[kind..], b'_', &[(Hex, 32, 32), (Hex, 10, 10)])?)
    }),
    run("Groq API key", "gsk_", Alnum, 48, 56),
    run("Perplexity API key", "pplx-", Alnum, 40, 60),
    run("Replicate API token", "r8_", Alnum, 37, 40),
    run("xAI API key", "xai-", Alnum, 70, 90),
    run("Pinecone API key", "pcsk_", Url, 50, 100),
    run("DigitalOcean personal access token", "dop_v1_", Hex, 64, 64),
    run("DigitalOcean OAuth token", "doo_v1_", Hex, 64, 64),
    run("DigitalOcean refresh token", "dor_v1_", Hex, 64, 64),
    run("Heroku API key", "HRKU-", Url, 36, 70),
    run("Fly.io access token", "fo1_", Url, 40, 50),
    run("Fly.io macaroon", "fm2_", Any, 100, 2000),
    run("Vault service token", "hvs.", Url, 24, 300),
    run("Vault batch token", "hvb.", Url, 80, 400),
    run("Vault recovery token", "hvr.", Url, 24, 300),
    run("Vault service token", "s.", Alnum, 24, 24),
    by("Terraform Cloud token", ".atlasv1.", |t| run_of(t, Alphabet::Url, 60, 80)),
    run("Grafana service account token", "glsa_", Url, 41, 41),
    run("Grafana Cloud token", "glc_", Base64, 32, 400),
    run("Grafana API key", "eyJrIjoi", Base64, 60, 400),
    by("New Relic user key", "NRAK-", |t| run_of(t, Alphabet::UpperAlnum, 27, 27)),
    run("New Relic insert key", "NRII-", Url, 32, 32),
    run("New Relic license key", "NRAL-", Hex, 32, 40),
    run("Sentry organization token", "sntrys_", Any, 80, 600),
    run("Sentry user token", "sntryu_", Hex, 64, 64),
    run("Shopify access token", "shpat_", Hex, 32, 32),
    run("Shopify custom app token", "shpca_", Hex, 32, 32),
    run("Shopify private app token", "shppa_", Hex, 32, 32),
    run("Shopify shared secret", "shpss_", Hex, 32, 32),
    run("Square access token", "sq0atp-", Url, 22, 22),
    run("Square OAuth secret", "sq0csp-", Url, 43, 43),
    run("Square production token", "EAAAl", Url, 55, 65),
    by("PayPal access token", "access_token$production$", |t| parts(t, b'$', &[(LowerAlnum, 16, 16), (Hex, 32, 32)])),
    run("Atlassian API token", "ATATT3", Any, 100, 250),
    run("Atlassian scoped token", "ATCTT3", Any, 100, 250),
    run("Bitbucket app password", "ATBB", Any, 28, 40),
    run("Linear API key", "lin_api_", Alnum, 40, 40),
    run("Linear OAuth token", "lin_oauth_", Alnum, 40, 70),
    run("Notion integration token", "ntn_", Alnum, 40, 50),
    run("Notion integration token", "secret_", Alnum, 43, 43),
    run("Figma personal access token", "figd_", Url, 38, 45),
    by("Databricks token", "dapi", |t| {
        let hex = run_of(t, Hex, 32, 32)?;
        let tail = t.get(hex) == Some(&b'-') && t.get(hex + 1).is_some_and(u8::is_ascii_digit);
        Some(hex + if tail { 2 } else { 0 })
    }),
    run("Databricks OAuth secret", "dose", Hex, 32, 32),
    run("Confluent Cloud secret", "cflt", Base64, 60, 60),
    run("Doppler personal token", "dp.pt.", Alnum, 40, 44),
    by("Doppler service token", "dp.st.", |t| {
        let config = t.iter().position(|&b| b == b'.').filter(|&at| at < 40).map_or(0, |at| at + 1);
        Some(config + run_of(&t[config..], Alnum, 40, 44)?)
    }),
    run("Doppler CLI token", "dp.ct.", Alnum, 40, 44),
    run("Doppler SCIM token", "dp.scim.", Alnum, 40, 44),
    run("Doppler audit token", "dp.audit.", Alnum, 40, 44),
    run("Pulumi access token", "pul-", Hex, 40, 40),
    by("Postman API key", "PMAK-", |t| parts(t, b'-', &[(Hex, 24, 24), (Hex, 34, 34)])),
    run("RubyGems API key", "rubygems_", Hex, 48, 48),
    run("crates.io token", "cio", Alnum, 32, 32),
    by("NuGet API key", "oy2", |t| run_of(t, LowerAlnum, 43, 43)),
    by("Clojars deploy token", "CLOJARS_", |t| run_of(t, LowerAlnum, 60, 60)),
    run("Artifactory API key", "AKCp", Alnum, 69, 73),
    run("Artifactory reference token", "cmVmdGtu", Alnum, 56, 58),
    run("SonarQube project token", "sqp_", Hex, 40, 40),
    run("SonarQube user token", "squ_", Hex, 40, 40),
    run("SonarQube global token", "sqa_", Hex, 40, 40),
    by("CircleCI personal token", "CCIPAT_", |t| parts(t, b'_', &[(Alnum, 22, 22), (Hex, 40, 40)])),
    by("CircleCI project token", "CCIPRJ_", |t| parts(t, b'_', &[(Alnum, 22, 22), (Hex, 40, 40)])),
    run("Buildkite agent token", "bkua_", Hex, 40, 40),
    run("Buildkite cluster token", "bkct_", Url, 40, 80),
    by("Tailscale key", "tskey-", tailscale),
    run("1Password service account token", "ops_eyJ", Any, 200, 1200),
    run("Telegram bot token", ":AA", Url, 32, 33),
    by("Discord webhook", "discord.com/api/webhooks/", discord),
    by("Discord webhook", "discordapp.com/api/webhooks/", discord),
    by("Microsoft Teams webhook", ".webhook.office.com/webhookb2/", |t| {
        let end = t.iter().position(|b| !Alphabet::Any.has(*b) && *b != b'@').unwrap_or(t.len());
        (end >= 100 && t[..end].windows(17).any(|w| w == b"/IncomingWebhook/")).then_some(end)
    }),
    run("Okta API token", "SSWS 00", Url, 40, 40),
    run("Mapbox secret token", "sk.eyJ", Dotted, 60, 400),
    run("Netlify token", "nfp_", Alnum, 36, 40),
    run("Netlify token", "nfc_", Alnum, 36, 40),
    run("Vercel token", "vcp_", Alnum, 24, 60),
    run("Vercel blob token", "vercel_blob_rw_", Url, 30, 60),
    run("Supabase access token", "sbp_", Hex, 40, 40),
    run("Supabase secret key", "sb_secret_", Url, 30, 50),
    run("PlanetScale password", "pscale_pw_", Dotted, 32, 64),
    run("PlanetScale token", "pscale_tkn_", Dotted, 32, 64),
    run("PlanetScale OAuth token", "pscale_oauth_", Dotted, 32, 64),
    run("Neon API key", "napi_", Alnum, 40, 80),
    run("Elastic Cloud API key", "essu_", Base64, 60, 120),
    run("Dynatrace API token", "dt0c01.", Dotted, 80, 100),
    run("Dynatrace platform token", "dt0s16.", Dotted, 80, 100),
    run("Dynatrace OAuth secret", "dt0s02.", Dotted, 70, 100),
    run("Typeform token", "tfp_", Any, 55, 65),
    by("Airtable token", "pat", |t| parts(t, b'.', &[(Alnum, 14, 14), (Hex, 64, 64)])),
    by("Asana token", "1/", asana),
    run("Dropbox access token", "sl.", Url, 120, 200),
    run("Facebook access token", "EAA", Alnum, 120, 300),
    run("Flutterwave secret key", "FLWSECK-", Url, 32, 50),
    run("Flutterwave secret key", "FLWSECK_", Url, 32, 50),
    run("EasyPost API key", "EZAK", Alnum, 54, 54),
    run("EasyPost test key", "EZTK", Alnum, 54, 54),
    run("Frame.io token", "fio-u-", Url, 64, 64),
    run("Lob API key", "live_", Hex, 35, 35),
    run("Adafruit IO key", "aio_", Alnum, 28, 28),
    run("Alibaba Cloud access key", "LTAI", Alnum, 16, 20),
    run("Tencent Cloud secret id", "AKID", Alnum, 32, 32),
    run("Yandex Cloud key", "AQVN", Url, 35, 38),
    run("Yandex Cloud static key", "YCA", Url, 36, 36),
    by("Plaid access token", "access-production-", uuid),
    run("Prefect API key", "pnu_", Alnum, 36, 36),
    run("ReadMe API key", "rdme_", LowerAlnum, 70, 70),
    run("Scalingo token", "tk-us-", Url, 48, 48),
    run("Sendinblue SMTP key", "xsmtpsib-", Url, 72, 90),
    run("Shippo token", "shippo_live_", Hex, 40, 40),
    run("Duffel token", "duffel_live_", Url, 43, 43),
    run("Infracost API key", "ico-", Alnum, 32, 32),
    run("Intra42 client secret", "s-s4t2ud-", Hex, 64, 64),
    run("OpenShift token", "sha256~", Url, 43, 43),
    run("Cloudflare origin CA key", "v1.0-", Url, 150, 190),
    run("Contentful personal token", "CFPAT-", Url, 43, 43),
    run("Harness token", "pat.", Dotted, 60, 80),
    run("Hashicorp Cloud or Nomad token", "hcp.", Url, 64, 100),
    run("Aiven token", "aivenv1", Any, 100, 400),
    run("ngrok API key", "ngrok_", Alnum, 40, 60),
    run("Checkly API key", "cu_", Hex, 32, 32),
    run("Weights & Biases key", "wandb_v1_", Url, 40, 100),
    run("Resend API key", "re_", Url, 32, 36),
    run("Clerk secret key", "sk_clerk_", Alnum, 40, 60),
    run("Deno Deploy token", "ddp_", Alnum, 36, 40),
    run("Tailscale OAuth secret", "tsoauth-", Url, 20, 80),
    run("Codecov or Zuplo API key", "zpka_", Alnum, 32, 60),
    run("Cloudsmith or Polar token", "polar_oat_", Alnum, 40, 60),
    run("RunPod API key", "rpa_", Alnum, 40, 60),
    run("E2B API key", "e2b_", Hex, 40, 40),
    run("Tavily API key", "tvly-", Url, 28, 60),
    run("Firecrawl API key", "fc-", Hex, 32, 32),
    run("Honeycomb ingest key", "hcaik_", LowerAlnum, 58, 58),
    by("Axiom token", "xaat-", uuid),
    by("LaunchDarkly SDK key", "sdk-", uuid),
    by("LaunchDarkly API token", "api-", uuid),
    run("Rollbar or Pusher token", "pit_", Hex, 32, 32),
    run("Meilisearch or Trigger.dev key", "tr_prod_", Alnum, 20, 40),
    run("Unkey root key", "unkey_", Alnum, 20, 60),
];

/// A run of an alphabet that ends where it should.
pub fn run_of(text: &[u8], alphabet: Alphabet, least: usize, most: usize) -> Option<usize> {
    let mut end = text.iter().take(most + 1).take_while(|&&b| alphabet.has(b)).count();
    // A full stop or padding at the end belongs to the sentence, or to what is around.
    while end > 0 && matches!(text[end - 1], b'.' | b'~') {
        end -= 1;
    }
    (end >= least && end <= most).then_some(end)
}

/// Parts of given alphabets and lengths with a separator between them.
fn parts(text: &[u8], separator: u8, parts: &[(Alphabet, usize, usize)]) -> Option<usize> {
    let mut at = 0;
    for (number, &(alphabet, least, most)) in parts.iter().enumerate() {
        if number > 0 {
            if text.get(at) != Some(&separator) {
                return None;
            }
            at += 1;
        }
        let rest = &text[at..];
        let last = number + 1 == parts.len();
        let length = rest.iter().take(most + 1).take_while(|&&b| alphabet.has(b) && (last || b != separator)).count();
        if length < least || length > most {
            return None;
        }
        at += length;
    }
    Some(at)
}

/// Twenty characters, or the routable form with its two dots.
fn gitlab(text: &[u8]) -> Option<usize> {
    let length = text.iter().take(320).take_while(|&&b| Alphabet::Dotted.has(b)).count();
    let length = length - text[..length].iter().rev().take_while(|&&b| b == b'.').count();
    if let Some(at) = text[..length].iter().position(|&b| b == b'.') {
        return (at >= 20 && length >= at + 10).then_some(length);
    }
    (20..=64).contains(&length).then_some(length)
}

fn azure_key(text: &[u8]) -> Option<usize> {
    let length = text.iter().take(90).take_while(|&&b| Alphabet::Base64.has(b)).count();
    ((length == 88 || length == 44) && text[length - 1] == b'=').then_some(length)
}

/// `sig=` of a URL with `se=` or `sv=`: forty-three or more base64 digits, percent-encoded.
fn azure_signature(text: &[u8]) -> Option<usize> {
    let end = text
        .iter()
        .take(80)
        .take_while(|&&b| b.is_ascii_alphanumeric() || matches!(b, b'%' | b'+' | b'/' | b'='))
        .count();
    let sig = &text[..end];
    let padded = sig.ends_with(b"%3D") || sig.ends_with(b"%3d") || sig.ends_with(b"=");
    ((43..=72).contains(&end) && padded).then_some(end)
}

/// What follows `8Q~`; the three characters before it belong to the secret too.
fn azure_client(text: &[u8]) -> Option<usize> {
    let length = text.iter().take(36).take_while(|&&b| Alphabet::Dotted.has(b) || b == b'~').count();
    (31..=34).contains(&length).then_some(length)
}

/// Numbers, and random characters at the end.
fn slack(text: &[u8]) -> Option<usize> {
    let length = run_of(text, Alphabet::Url, 20, 200)?;
    (text[..length].iter().filter(|b| b.is_ascii_digit()).count() >= 6).then_some(length)
}

fn openai(text: &[u8]) -> Option<usize> {
    const MARK: &[u8] = b"T3BlbkFJ";
    let length = text.iter().take(260).take_while(|&&b| Alphabet::Url.has(b)).count();
    let marked = memchr::memmem::find(&text[..length], MARK).is_some_and(|at| at >= 16 && length - at >= 24);
    let project = [b"proj-".as_slice(), b"svcacct-", b"admin-"].iter().any(|p| text.starts_with(p)) && length >= 48;
    let old = length == 48 && text[..48].iter().all(u8::is_ascii_alphanumeric);
    (marked || project || old).then_some(length)
}

fn uuid(text: &[u8]) -> Option<usize> {
    text.get(..36).filter(|id| super::shapes::is_uuid(id)).map(<[u8]>::len)
}

fn tailscale(text: &[u8]) -> Option<usize> {
    let kind = text.iter().position(|&b| b == b'-').filter(|&at| (3..=10).contains(&at))? + 1;
    let length = text[kind..].iter().take(90).take_while(|&&b| b.is_ascii_alphanumeric() || b == b'-').count();
    (length >= 16).then_some(kind + length)
}

fn discord(text: &[u8]) -> Option<usize> {
    let id = text.iter().take(24).take_while(|b| b.is_ascii_digit()).count();
    if id < 16 || text.get(id) != Some(&b'/') {
        return None;
    }
    Some(id + 1 + run_of(&text[id + 1..], Alphabet::Url, 60, 80)?)
}

fn asana(text: &[u8]) -> Option<usize> {
    let id = text.iter().take(20).take_while(|b| b.is_ascii_digit()).count();
    if id < 13 || text.get(id) != Some(&b':') {
        return None;
    }
    Some(id + 1 + run_of(&text[id + 1..], Alphabet::Hex, 32, 32)?)
}

/// Shapes that only a name makes tokens of: the words of the issuer, the length and the alphabet of the value.
pub static NAMED: &[(&str, &str, Alphabet, usize)] = &[
    ("Datadog API key", "datadog", Hex, 32),
    ("Datadog API key", "dd_api", Hex, 32),
    ("Datadog application key", "dd_app", Hex, 40),
    ("Datadog application key", "datadog", Hex, 40),
    ("Cloudflare API token", "cloudflare", Url, 40),
    ("Cloudflare API key", "cloudflare", Hex, 37),
    ("Cloudflare API token", "cf_api", Url, 40),
    ("AWS secret access key", "aws", Base64, 40),
    ("Heroku API key", "heroku", Url, 36),
    ("Snyk token", "snyk", Url, 36),
    ("Consul token", "consul", Url, 36),
    ("Algolia admin key", "algolia", Hex, 32),
    ("Fastly API token", "fastly", Url, 32),
    ("PagerDuty key", "pagerduty", Alnum, 32),
    ("PagerDuty token", "pagerduty", Url, 20),
    ("Opsgenie API key", "opsgenie", Url, 36),
    ("Twilio auth token", "twilio", Hex, 32),
    ("Auth0 client secret", "auth0", Url, 64),
    ("Okta API token", "okta", Url, 42),
    ("Confluent Cloud secret", "confluent", Base64, 64),
    ("Upstash token", "upstash", Any, 64),
    ("New Relic license key", "new_relic", Hex, 40),
    ("New Relic license key", "newrelic", Hex, 40),
    ("Twitter API secret", "twitter", Alnum, 50),
    ("Codecov token", "codecov", Url, 36),
    ("Mailchimp API key", "mailchimp", Url, 36),
    ("Elastic API key", "elastic", Base64, 60),
    ("Travis CI token", "travis", Alnum, 22),
    ("Drone token", "drone", Alnum, 32),
    ("Etsy API key", "etsy", LowerAlnum, 24),
];

/// The CRC-32 of zip and Ethernet.
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &b in bytes {
        crc ^= u32::from(b);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

/// Whether the last six characters of a token are the checksum of the ones before.
pub fn checksum_holds(body: &[u8]) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some(at) = body.len().checked_sub(6) else { return false };
    let mut left = crc32(&body[..at]) as usize;
    let mut expected = [b'0'; 6];
    for digit in expected.iter_mut().rev() {
        *digit = DIGITS[left % 62];
        left /= 62;
    }
    body[at..] == expected
}

/// Tokens that an issuer prints in its own documentation.
pub fn is_documented(token: &[u8]) -> bool {
    static KNOWN: Lexicon = Lexicon::new(concat!(
        "4eC39HqLyjW",
        "DarjtT1zdp7dc",
        " ",
        "BQokikJOvBi",
        "I2HlWgH4olfQ2",
        " ",
        "wJalrXUtnFEMI/",
        "K7MDENG/",
        " ",
        "AKIAIOSFODNN7",
        "EXAMPLE",
        " ",
        "T00000000/B00000000",
        "/XXXXXXXXXXXX",
        " ",
        "SflKxwRJSMeKKF2QT4",
        "fwpMeJf36POk6yJV_adQssw5c",
        " ",
        "MTIzNDU2Nzg5MDEyMzQ1",
        "Njc4OTAxMjM0NTY3ODkwMTI",
        " ",
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1",
        "OUzFT50uSRZ6IFsuFq2UVErCz4I6tq",
        " ",
        "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIW",
        "EHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
        " ",
        "EXAMPLE"
    ));
    KNOWN.inside(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_least_sixty_issuers() {
        let mut kinds: Vec<_> = ISSUERS.iter().map(|i| i.kind.split(' ').next()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert!(kinds.len() >= 60, "{}", kinds.len());
    }

    #[test]
    fn checksums() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let body = "a1B2".repeat(8);
        assert!(!checksum_holds(body.as_bytes()));
    }
}
