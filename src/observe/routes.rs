use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use http::request::Parts;

use super::exchange::{Observer, RouteReporter};

/// The name of the route of a request without one.
const OTHER: &str = "other";

/// Returns the name of a request's route.
pub(super) type RouteOf = Arc<dyn for<'a> Fn(&'a Parts) -> Option<&'a str> + Send + Sync>;

/// The routes of a layer, each once. Their number is bounded.
pub(super) struct ObservedRoutes {
    max_routes: usize,
    observer: Arc<dyn Observer>,
    other: Arc<RouteReporter>,
    named: RwLock<HashMap<Box<str>, Arc<RouteReporter>>>,
}

impl ObservedRoutes {
    pub(super) fn new(max_routes: usize, observer: Arc<dyn Observer>) -> Self {
        Self {
            max_routes,
            other: RouteReporter::new(OTHER, &observer),
            observer,
            named: RwLock::default(),
        }
    }

    /// Creates routes with the same observer and another largest number.
    pub(super) fn with_max_routes(&self, max_routes: usize) -> Self {
        Self::new(max_routes, Arc::clone(&self.observer))
    }

    /// Returns the route of this name. Beyond the largest number of routes, it is `other`.
    pub(super) fn get(&self, name: Option<&str>) -> Arc<RouteReporter> {
        let Some(name) = name else {
            return Arc::clone(&self.other);
        };
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = named.get(name) {
            return Arc::clone(route);
        }
        let is_full = named.len() >= self.max_routes;
        drop(named);
        if is_full {
            return Arc::clone(&self.other);
        }
        self.insert(name)
    }

    #[cold]
    fn insert(&self, name: &str) -> Arc<RouteReporter> {
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = named.get(name) {
            return Arc::clone(route);
        }
        if named.len() >= self.max_routes {
            return Arc::clone(&self.other);
        }
        let route = RouteReporter::new(name, &self.observer);
        named.insert(name.into(), Arc::clone(&route));
        route
    }
}

impl fmt::Debug for ObservedRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedRoutes")
            .field("max_routes", &self.max_routes)
            .finish_non_exhaustive()
    }
}
