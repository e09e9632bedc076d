//! A browser for one test, started with it and gone when it ends.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, TimeoutConfiguration, WebDriver};

/// The program that starts the browser and drives it.
struct Chromedriver {
    process: Child,
    port: u16,
    /// What the browser keeps while it runs, and would leave behind.
    scratch: PathBuf,
}

impl Chromedriver {
    fn start() -> Self {
        let program = find("chromedriver");
        let scratch = env::temp_dir().join(format!("axonpush-page-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&scratch).unwrap();
        let mut command = Command::new(program);
        let mut process = command.arg("--port=0").env("TMPDIR", &scratch).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let port = lines
            .find_map(|line| line.strip_suffix('.')?.rsplit_once("on port ")?.1.parse().ok())
            .expect("chromedriver did not say which port it listens on");
        // Whatever else it prints must find a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, port, scratch }
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        // The last of the browser may still be writing.
        let _ = (0..10).find(|_| std::fs::remove_dir_all(&self.scratch).is_ok());
    }
}

/// A browser that has no window and knows nothing of earlier ones.
pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    _program: Chromedriver,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        let program = Chromedriver::start();
        let mut wanted = DesiredCapabilities::chrome();
        wanted.set_binary(find("chromium").to_str().unwrap()).unwrap();
        for argument in ARGUMENTS {
            wanted.add_arg(argument).unwrap();
        }
        let url = format!("http://127.0.0.1:{}", program.port);
        let driver = WebDriver::new(&url, wanted).await.expect("chromium did not start");
        let timeouts = TimeoutConfiguration::new(Some(SCRIPT_TIMEOUT), Some(SCRIPT_TIMEOUT), None);
        driver.update_timeouts(timeouts).await.unwrap();
        Self { driver, _program: program }
    }
}

fn find(program: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("there is no `{program}` on the PATH; `cargo xtask browser` installs it"))
}

/// Where pictures of the page are left for whoever wants to see what a test saw.
pub(crate) fn screenshots() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

const ARGUMENTS: [&str; 6] = [
    "--headless=new",
    // The sandbox needs rights that containers do not have; nothing but our own page is opened.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--force-device-scale-factor=1",
];

const SCRIPT_TIMEOUT: Duration = Duration::from_secs(40);
