// fastify with its own ETag plugin.
import etag from "@fastify/etag";
import fastify from "fastify";
import { contents, port } from "./contents.mjs";

const app = fastify();
await app.register(etag);
for (const [name, content] of contents) {
  app.get(`/${name}`, (_request, reply) => {
    reply.type("application/json").send(content);
  });
}
await app.listen({ port: Number(port), host: "127.0.0.1" });
