import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/**
 * Reads and writes a note with the client as it is by default: in cleartext it
 * asks for an upgrade to HTTP/2. Prints the status of each response.
 */
class Client {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    public static void main(String[] arguments) throws Exception {
        URI note = URI.create(arguments[0]);
        String tag = send(read(note)).headers().firstValue("etag").orElseThrow();
        send(read(note).header("If-None-Match", tag));
        String next = send(write(note, "New", tag)).headers().firstValue("etag").orElseThrow();
        send(write(note, "Late", tag));
        send(read(note).header("If-None-Match", next));
    }

    private static HttpRequest.Builder read(URI note) {
        return HttpRequest.newBuilder(note).GET();
    }

    private static HttpRequest.Builder write(URI note, String title, String tag) {
        return HttpRequest.newBuilder(note)
            .PUT(BodyPublishers.ofString("{\"title\":\"" + title + "\"}"))
            .header("Content-Type", "application/json")
            .header("If-Match", tag);
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        HttpResponse<String> response = HTTP.send(request.build(), BodyHandlers.ofString());
        System.out.println(response.request().method() + " " + response.statusCode());
        return response;
    }
}
