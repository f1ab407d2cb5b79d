//! The page of the notes example in both browsers, with the service as a process.

mod appearance;
mod changed_responses;
mod changing_proxy;
mod conflict;
mod connection;
mod drafts;
mod editor;
mod keyboard;
mod live_regions;
mod loading;
mod merge_choice;
mod notes_service;
mod proxies;
mod retries;
mod rounds;
