use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// The longest wait for a connection or a part of a reply.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A connection that sends commands to a Redis server.
#[derive(Debug)]
pub struct RespClient(BufReader<TcpStream>);

impl RespClient {
    /// Connects to a server at this port of 127.0.0.1, and authenticates if there is a
    /// password.
    ///
    /// # Errors
    ///
    /// Returns an error if the server cannot be reached or refuses the password.
    pub fn connect(port: u16, password: Option<&str>) -> io::Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        let mut client = Self(BufReader::new(stream));
        if let Some(password) = password {
            client.command(&["AUTH", password])?;
        }
        Ok(client)
    }

    /// Sends a command, and returns its reply as text.
    ///
    /// The elements of an array are lines, and a null is `(nil)`.
    ///
    /// # Errors
    ///
    /// Returns an error with the text of an error reply, or if no whole reply arrives within
    /// 20 seconds.
    pub fn command(&mut self, arguments: &[&str]) -> io::Result<String> {
        self.send(arguments)?;
        self.receive()
    }

    /// Sends a command without waiting for its reply.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection is closed.
    pub fn send(&mut self, arguments: &[&str]) -> io::Result<()> {
        let mut request = format!("*{}\r\n", arguments.len());
        for argument in arguments {
            request += &format!("${}\r\n{argument}\r\n", argument.len());
        }
        self.0.get_mut().write_all(request.as_bytes())
    }

    /// Waits for the reply to the first command that has none yet.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`command`](Self::command).
    pub fn receive(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (kind, rest) = line.trim_end().split_at_checked(1).unwrap_or_default();
        let length = || rest.parse::<i64>().map_err(io::Error::other);
        match kind {
            "+" | ":" => Ok(rest.to_owned()),
            "-" => Err(io::Error::other(rest)),
            "$" | "*" if length()? < 0 => Ok("(nil)".to_owned()),
            "$" => {
                let length = usize::try_from(length()?).map_err(io::Error::other)?;
                let mut text = vec![0; length + 2];
                self.0.read_exact(&mut text)?;
                Ok(String::from_utf8_lossy(&text[..length]).into_owned())
            }
            "*" => {
                let elements = (0..length()?).map(|_| self.receive());
                Ok(elements.collect::<io::Result<Vec<_>>>()?.join("\n"))
            }
            _ => Err(io::Error::other(format!("no reply of Redis: {line:?}"))),
        }
    }
}
