//! The page of the notes example in both browsers, with the service as a process.

mod appearance;
mod conflict;
mod connection;
mod editor;
mod keyboard;
mod loading;
mod notes_service;
mod proxies;
mod rounds;
