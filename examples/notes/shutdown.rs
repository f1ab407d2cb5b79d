//! Ctrl-C and SIGTERM.

use std::io;

use tokio::sync::watch;

/// A channel that closes on either signal; both are caught as soon as this returns.
pub(crate) fn on_signal() -> io::Result<watch::Receiver<()>> {
    let signal = signal()?;
    let (close, closing) = watch::channel(());
    tokio::spawn(async move {
        signal.await;
        drop(close);
    });
    Ok(closing)
}

pub(crate) async fn closed(mut closing: watch::Receiver<()>) {
    while closing.changed().await.is_ok() {}
}

#[cfg(unix)]
fn signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(windows)]
fn signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
