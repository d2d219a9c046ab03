//! A broker of MQTT of a test's own, and who publishes there.

use std::{fs, os::unix::fs::MetadataExt, process::Command, time::Duration};

use rumqttc::{AsyncClient, MqttOptions, PublishOptions, QoS};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::service::{Service, free_port};

/// Who may publish.
const PUBLISHER: (&str, &str) = ("publisher", "a word that only it knows");

/// A running Mosquitto; it is gone at the end of the test.
pub struct Broker {
    pub port: u16,
    web_port: u16,
    server: Service,
    folder: tempfile::TempDir,
}

impl Broker {
    /// One that takes this password of who is called `listener`, or any word of anybody; none on a
    /// machine without Mosquitto.
    pub fn start(password: Option<&str>) -> Option<Self> {
        let (port, web_port) = (free_port(), free_port());
        let folder = tempfile::tempdir().unwrap();
        let configuration = folder.path().join("mosquitto.conf");
        let passwords = folder.path().join("passwords");
        // Else it gives up what root may do, and cannot read its files.
        let user = if folder_is_of_root(&folder) {
            "user root\n"
        } else {
            ""
        };
        let who = match password {
            Some(_) => format!(
                "allow_anonymous false\npassword_file {}",
                passwords.display()
            ),
            None => "allow_anonymous true".to_owned(),
        };
        let text = format!(
            "{user}{who}\nlistener {port} 127.0.0.1\n\
             listener {web_port} 127.0.0.1\nprotocol websockets\n"
        );
        fs::write(&configuration, text).unwrap();
        let arguments = ["-c", &configuration.display().to_string()];
        let mut broker = Self {
            port,
            web_port,
            server: Service::new("mosquitto", &arguments, port),
            folder,
        };
        if let Some(password) = password {
            broker.takes(password).then_some(())?;
        }
        broker.again().then_some(broker)
    }

    /// Takes this password from its next start on; false on a machine without its programs.
    pub fn takes(&mut self, password: &str) -> bool {
        let file = self.folder.path().join("passwords");
        let logins = [("listener", password), PUBLISHER];
        let mut create = vec!["-c"];
        logins.into_iter().all(|(name, password)| {
            let mut command = Command::new("mosquitto_passwd");
            command
                .args(std::mem::take(&mut create))
                .arg("-b")
                .arg(&file);
            let made = command.args([name, password]).output();
            made.is_ok_and(|made| made.status.success())
        })
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Where MQTT is spoken in a WebSocket.
    pub fn web_url(&self) -> String {
        format!("ws://127.0.0.1:{}/mqtt", self.web_port)
    }

    /// Kills it.
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// Starts it on the same ports; false on a machine that has none.
    pub fn again(&mut self) -> bool {
        self.server.again()
    }
}

fn folder_is_of_root(folder: &tempfile::TempDir) -> bool {
    fs::metadata(folder.path()).unwrap().uid() == 0
}

/// Publishes, also after the broker has been away.
pub struct Publisher {
    client: AsyncClient,
    sending: JoinHandle<()>,
}

impl Publisher {
    pub fn to(broker: &Broker) -> Self {
        let mut options = MqttOptions::new("publisher", ("127.0.0.1", broker.port));
        let (name, password) = PUBLISHER;
        options.set_credentials(name, password);
        let (client, mut events) = AsyncClient::builder(options).capacity(1000).build();
        let sending = tokio::spawn(async move {
            loop {
                if events.poll().await.is_err() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        });
        Self { client, sending }
    }

    /// Publishes a record of a collection, as OpenF1 does.
    pub async fn publish(&self, collection: &str, record: &Value) {
        let once = PublishOptions::new(QoS::AtMostOnce);
        let topic = format!("v1/{collection}");
        let sent = self.client.publish(topic, record.to_string(), once).await;
        sent.unwrap();
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.sending.abort();
    }
}
