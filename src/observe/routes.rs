use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use http::request::Parts;

use super::exchange::ObservedRoute;

/// The name of the route of a request without one.
const OTHER: &str = "other";

/// Returns the name of a request's route.
pub(super) type RouteOf = Arc<dyn for<'a> Fn(&'a Parts) -> Option<&'a str> + Send + Sync>;

/// The routes of a layer, each once. Their number is bounded.
pub(super) struct ObservedRoutes {
    max_routes: usize,
    other: Arc<ObservedRoute>,
    named: RwLock<HashMap<Box<str>, Arc<ObservedRoute>>>,
}

impl ObservedRoutes {
    pub(super) fn new(max_routes: usize) -> Self {
        Self {
            max_routes,
            other: ObservedRoute::new(OTHER),
            named: RwLock::default(),
        }
    }

    /// Returns the route of this name. Beyond the largest number of routes, it is `other`.
    pub(super) fn get(&self, name: Option<&str>) -> Arc<ObservedRoute> {
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
    fn insert(&self, name: &str) -> Arc<ObservedRoute> {
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = named.get(name) {
            return Arc::clone(route);
        }
        if named.len() >= self.max_routes {
            return Arc::clone(&self.other);
        }
        let route = ObservedRoute::new(name);
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
