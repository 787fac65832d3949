/**
 * A stand-in for the engine, for those who write screens: serves the built front end and speaks the HTTP API and the
 * live feed, with one scripted call. Not part of the product, never shipped.
 *
 *   npm run mock            → http://127.0.0.1:8012   accounts: agent, dept, sup (any password)
 *   POST /mock/{step}       → offer | talk | wrapup | idle | crowd | empty | fill | drop
 */
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import * as world from "./world.mjs";

const PORT = Number(process.env.PORT ?? 8012);
const STATIC = fileURLToPath(new URL("../../static/", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".wav": "audio/wav" };
const sockets = new Set();

function push(type, data, only) {
  for (const socket of sockets) {
    if (!only || socket.person.roles.includes(only)) socket.send(JSON.stringify({ type, data, seq: ++world.counter.seq }));
  }
}

function personOf(request) {
  const account = /hotline_session=(\w+)/.exec(request.headers.cookie ?? "")?.[1];
  return world.people[account] ?? null;
}

function answer(response, status, body, headers = {}) {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

async function bodyOf(request) {
  let text = "";
  for await (const piece of request) text += piece;
  return text === "" ? {} : JSON.parse(text);
}

async function file(path, response) {
  const name = normalize(path === "/" ? "/index.html" : path);
  try {
    const data = await readFile(join(STATIC, name));
    response.writeHead(200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream" });
    response.end(data);
  } catch {
    answer(response, 404, { error: { code: "not_found", zh: "没有这个页面。", en: "No such page." } });
  }
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://mock");
  if (url.pathname.startsWith("/mock/")) {
    const step = url.pathname.slice(6);
    if (step === "drop") for (const socket of sockets) socket.terminate();
    else await world.steps[step]?.(push);
    return answer(response, 200, { step });
  }
  if (!url.pathname.startsWith("/api/")) return file(url.pathname, response);
  const body = await bodyOf(request);
  const path = url.pathname.slice(4);
  if (path === "/login") {
    const person = world.people[body.account];
    if (!person || body.password === "wrong") {
      return answer(response, 401, { error: { code: "wrong_login", zh: "账号或密码不对。还可以再试 4 次。", en: "Wrong account or password. 4 tries left." } });
    }
    return answer(response, 200, person, { "Set-Cookie": `hotline_session=${body.account}; HttpOnly; SameSite=Strict; Path=/` });
  }
  if (path === "/health") return answer(response, 200, world.health);
  const person = personOf(request);
  if (!person) return answer(response, 401, { error: { code: "not_signed_in", zh: "请先登录。", en: "Please sign in." } });
  const [status, result] = await world.handle(request.method, path, url.searchParams, body, person, push);
  if (result instanceof Buffer) {
    response.writeHead(200, { "Content-Type": "audio/wav", "Content-Length": result.length, "Accept-Ranges": "bytes" });
    return response.end(result);
  }
  return answer(response, status, result);
});

const feed = new WebSocketServer({ server, path: "/api/feed" });
feed.on("connection", (socket, request) => {
  const person = personOf(request);
  if (!person) return socket.close(4401);
  socket.person = person;
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  for (const [type, data] of world.firstWords(person)) socket.send(JSON.stringify({ type, data, seq: ++world.counter.seq }));
});
setInterval(() => push("ping", {}), 15_000).unref();
server.listen(PORT, "127.0.0.1", () => console.log(`mock engine on http://127.0.0.1:${PORT}`));
