vcl 4.1;

import xkey;

backend origin {
    .host = "ORIGIN_HOST";
    .port = "ORIGIN_PORT";
}

acl purgers {
    "127.0.0.1";
    "::1";
}

# The rest is as by default in Varnish: requests with Authorization or Cookie
# pass, and no-store, no-cache, private and Set-Cookie are not stored.

sub vcl_recv {
    if (req.method == "PURGE") {
        if (client.ip !~ purgers) {
            return (synth(403));
        }
        if (req.http.xkey-purge) {
            return (synth(200, xkey.purge(req.http.xkey-purge) + " purged"));
        }
        return (purge);
    }
    # Varnish would take the 304 to a state for an error.
    if (req.http.x-notes-ref) {
        return (pass);
    }
}

sub vcl_deliver {
    if (obj.hits > 0) {
        set resp.http.x-cache = "hit";
    } else {
        set resp.http.x-cache = "miss";
    }
}
