//! Dashboards.

use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::{filters::Fields, read::models};
use crate::{client::AxonPush, error::Error};

models! {
    /// A dashboard.
    Dashboard in "dashboards" {
        /// Its id.
        dashboard_id: String = "dashboardId" | "id",
        /// Its name.
        name: String = "name",
        /// What it is for.
        description: Option<String> = "description",
        /// What it shows: `{"widgets": [{"type": "timeseries", …}]}`, in the service's own terms.
        spec: Value = "spec",
        /// Who created it.
        created_by: Option<String> = "createdBy",
        /// When it was created.
        created_at: String = "createdAt",
        /// When it was changed last.
        updated_at: Option<String> = "updatedAt",
    }
}

impl AxonPush {
    /// Dashboards.
    ///
    /// ```
    /// use axonpush::{AxonPush, resources::NewDashboard};
    /// use serde_json::json;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let server = axonpush_dev::DevServer::start().await.unwrap();
    /// # let client = AxonPush::builder().api_key("ak_dev").base_url(server.url()).build()?;
    /// let spec = json!({"widgets": [{"type": "latency", "title": "Checkout"}]});
    /// let dashboard = client.dashboards().create(NewDashboard::new("Shop", &spec)).await?;
    /// assert_eq!(client.dashboards().get(&dashboard.dashboard_id).await?.spec, spec);
    /// # Ok::<(), axonpush::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn dashboards(&self) -> Dashboards<'_> {
        Dashboards { client: self }
    }
}

/// Dashboards; made by [`AxonPush::dashboards`].
#[derive(Debug, Clone, Copy)]
pub struct Dashboards<'a> {
    client: &'a AxonPush,
}

impl Dashboards<'_> {
    /// All of them. A disabled client has none.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn list(&self) -> Result<Vec<Dashboard>, Error> {
        self.client.operation("listing dashboards", Method::GET, "/dashboards").ask().await
    }

    /// Creates one.
    ///
    /// # Errors
    ///
    /// When the server refuses, or was not heard of; then it may have been created.
    pub async fn create(&self, dashboard: NewDashboard) -> Result<Dashboard, Error> {
        self.client.operation("creating a dashboard", Method::POST, "/dashboards").json(&dashboard.0).ask().await
    }

    /// One of them.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn get(&self, dashboard_id: impl AsRef<str>) -> Result<Dashboard, Error> {
        let request = self.client.operation("reading a dashboard", Method::GET, "/dashboards/{dashboardId}");
        request.segment(dashboard_id).ask().await
    }

    /// Puts another in the place of one.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn replace(&self, dashboard_id: impl AsRef<str>, dashboard: NewDashboard) -> Result<Dashboard, Error> {
        let request = self.client.operation("replacing a dashboard", Method::PUT, "/dashboards/{dashboardId}");
        request.segment(dashboard_id).json(&dashboard.0).ask().await
    }

    /// Deletes one.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn delete(&self, dashboard_id: impl AsRef<str>) -> Result<(), Error> {
        let request = self.client.operation("deleting a dashboard", Method::DELETE, "/dashboards/{dashboardId}");
        request.segment(dashboard_id).ask().await
    }
}

/// A dashboard to be.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a dashboard is not there until it is passed to `create` or `replace`"]
pub struct NewDashboard(Fields);

impl NewDashboard {
    /// One of this name that shows what `spec` says: `{"widgets": [{"type": "kpi", …}]}`, of types `kpi`,
    /// `timeseries`, `breakdown` and `latency`. What can't be written as JSON is sent as `null`, which the server
    /// refuses.
    pub fn new(name: impl Into<String>, spec: &impl Serialize) -> Self {
        let spec = serde_json::to_value(spec).unwrap_or_default();
        Self(Fields::default().set("name", name.into()).set("spec", spec))
    }

    /// What it is for.
    pub fn description(self, description: impl Into<String>) -> Self {
        Self(self.0.set("description", description.into()))
    }
}
