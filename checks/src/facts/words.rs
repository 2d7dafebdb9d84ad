//! How facts are told to a person.

use super::{Consumed, Facts, Hook, How, ObjectFact};
use crate::facts::Event;

impl ObjectFact {
    /// `pre-install hook Job/migrate`, `Deployment/agents`.
    pub fn told(&self) -> String {
        let hook = self.hook.as_deref().map(Hook::told).unwrap_or_default();
        format!("{hook}{}", self.short())
    }
}

impl Hook {
    fn told(&self) -> String {
        let event = match self.events.first() {
            Some(Event::PreInstall) => "pre-install",
            Some(Event::PostInstall) => "post-install",
            Some(Event::PreUpgrade) => "pre-upgrade",
            Some(Event::PostUpgrade) => "post-upgrade",
            Some(Event::PreRollback) => "pre-rollback",
            Some(Event::PostRollback) => "post-rollback",
            Some(Event::PreDelete) => "pre-delete",
            Some(Event::PostDelete) => "post-delete",
            Some(Event::Test) => "test",
            None => return String::new(),
        };
        format!("{event} hook ")
    }
}

impl Consumed {
    /// What is done with it: `reads key url as env DATABASE_URL`.
    pub fn told(&self, facts: &Facts) -> String {
        let keys = match self.keys.as_slice() {
            [] => String::new(),
            [one] => format!(", key {one}"),
            many => format!(", keys {}", many.join(", ")),
        };
        let container = self.container.and_then(|c| facts.containers.get(c as usize));
        let container = container.map(|c| format!(" of container {}", c.name)).unwrap_or_default();
        match &self.how {
            How::Env(name) => format!("reads {} {}{keys} as env {name}{container}", self.kind, self.name),
            How::EnvFrom(_) => format!("reads {} {}, all keys as env{container}", self.kind, self.name),
            How::Files(mounts) => {
                let place = mounts.first().map(|m| format!(" at {}", m.path)).unwrap_or_default();
                format!("mounts {} {}{keys}{place}", self.kind, self.name)
            }
            How::ImagePull => format!("pulls images with Secret {}", self.name),
            How::AccountSecret => format!("lists Secret {}", self.name),
            How::Tls => format!("serves the certificate in {} {}", self.kind, self.name),
            How::Store => format!("reads from {} {}", self.kind, self.name),
            How::StoreAuth => format!("logs in with {} {}{keys}", self.kind, self.name),
            How::Account => format!("runs as ServiceAccount {}", self.name),
            How::Claim => format!("mounts PersistentVolumeClaim {}", self.name),
            How::Source | How::Driver | How::Annotation => format!("uses {} {}{keys}", self.kind, self.name),
        }
    }
}
