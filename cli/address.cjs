const { lookup } = require("node:dns/promises");
const { createServer } = require("node:net");
const { UsageError } = require("./options.cjs");

/**
 * Where the server listens: one port, on one or two addresses; `url` is for a client on this machine.
 * @typedef {{ addresses: string[], port: number, url: string }} Listening
 */

const IPV6_LOOPBACK = "::1";
const NO_SUCH_ADDRESS = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT"]);

/**
 * Finds out where to listen and that nobody else does. "localhost" means both loopback addresses, since clients
 * disagree on which one they try.
 * @param {string} host
 * @param {number} port 0 picks a free one
 * @returns {Promise<Listening>}
 * @throws {UsageError}
 */
async function chooseAddress(host, port) {
  if (host !== "localhost") {
    const address = await resolve(host);
    const chosen = await probe(address, port).catch((error) => explain(error, host, port));
    return { addresses: [address], port: chosen, url: clientUrl(host, chosen) };
  }
  const chosen = await probe("127.0.0.1", port).catch((error) => explain(error, host, port));
  const addresses = ["127.0.0.1"];
  try {
    await probe(IPV6_LOOPBACK, chosen);
    addresses.push(IPV6_LOOPBACK);
  } catch (error) {
    if (!NO_SUCH_ADDRESS.has(codeOf(error))) explain(error, host, chosen);
  }
  return { addresses, port: chosen, url: clientUrl(host, chosen) };
}

/** @param {string} host */
async function resolve(host) {
  try {
    return (await lookup(host)).address;
  } catch {
    throw new UsageError(`the host "${host}" is not known.`);
  }
}

/**
 * Listens for a moment; resolves to the port.
 * @param {string} address
 * @param {number} port
 * @returns {Promise<number>}
 */
function probe(address, port) {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once("error", failed);
    server.listen({ host: address, port, ipv6Only: true, exclusive: true }, () => {
      const bound = server.address();
      server.close(() => done(typeof bound === "object" && bound ? bound.port : port));
    });
  });
}

/**
 * @param {unknown} error
 * @param {string} host
 * @param {number} port
 * @returns {never}
 */
function explain(error, host, port) {
  const code = codeOf(error);
  if (code === "EADDRINUSE") throw new UsageError(`port ${port} on ${host} is already in use; choose another: --port.`);
  if (code === "EACCES") throw new UsageError(`port ${port} on ${host} may not be opened: permission denied.`);
  if (NO_SUCH_ADDRESS.has(code)) throw new UsageError(`"${host}" is not an address of this machine.`);
  throw new UsageError(`cannot listen on ${host}, port ${port}: ${error instanceof Error ? error.message : error}.`);
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code ?? "";
}

/**
 * A server on all addresses is reached by name; IPv6 addresses stand in brackets.
 * @param {string} host
 * @param {number} port
 */
function clientUrl(host, port) {
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

/**
 * Whether only this machine reaches an address.
 * @param {string} address
 */
const isLoopback = (address) => address === IPV6_LOOPBACK || /^127\./.test(address);

module.exports = { chooseAddress, isLoopback };
